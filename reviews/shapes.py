"""The representation of a review."""

from __future__ import annotations

from typing import Any

from bookbridge.kernel.shapes import Json, Row, Shape
from clubs.membership.shapes import person, person_columns
from reviews.serializers import ReviewSerializer


class ReviewShape(Shape):
    """A review, for querysets `with_view_of(viewer)`.

    One that contains spoilers is locked, except for its author and where `spoilers` says
    that the reader asked for them.
    """

    serializer = ReviewSerializer
    columns = (
        "id",
        "book_id",
        "book__title",
        "author_id",
        *person_columns("author"),
        "club_slug",
        "rating",
        "title",
        "text",
        "text_html",
        "contains_spoilers",
        "language",
        "likes_count",
        "liked_by_me",
        "created_at",
        "edited_at",
    )

    def __init__(self, *, spoilers: bool = False) -> None:
        self.spoilers = spoilers

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The review as `viewer` sees it."""
        own = viewer is not None and viewer.pk == row["author_id"]
        locked = row["contains_spoilers"] and not own and not self.spoilers
        return {
            "id": row["id"],
            "book": {"id": row["book_id"], "title": row["book__title"]},
            "author": person(row, "author"),
            "club": row["club_slug"],
            "rating": row["rating"] / 2,
            "title": None if locked else row["title"],
            "text": None if locked else row["text"],
            "text_html": None if locked else row["text_html"],
            "contains_spoilers": row["contains_spoilers"],
            "locked": locked,
            "language": row["language"],
            "likes_count": row["likes_count"],
            "liked_by_me": row["liked_by_me"],
            "created_at": row["created_at"],
            "edited_at": row["edited_at"],
        }


review_shape = ReviewShape()
unlocked_review_shape = ReviewShape(spoilers=True)
