"""What reviews know of a reader: how it is taken out, and what is left when the reader leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional
from reviews.counting import count_many
from reviews.holding import hold_reviews_of
from reviews.models import Like, Report, Review
from reviews.querysets import counts

if TYPE_CHECKING:
    from accounts.models import User

#: Fields that tell something about a person; a test holds that each model is listed.
PERSONAL = {
    "Review": [
        "author",
        "book",
        "club",
        "rating",
        "title",
        "text",
        "text_html",
        "contains_spoilers",
        "language",
        "created_at",
        "edited_at",
    ],
    "Like": ["reader", "review", "created_at"],
    "Report": [
        "reporter",
        "target_kind",
        "target_id",
        "about",
        "kept",
        "reason",
        "comment",
        "created_at",
        "decided_by",
    ],
}


def export(reader: User) -> dict[str, Any]:
    """The reader's reviews, wherever they are, and what they liked.

    A club is named as long as the reader may know of it.
    """
    own = Review.objects.filter(author=reader).select_related("book")
    reviews = own.with_view_of(reader).order_by("pk")
    likes = Like.objects.filter(reader=reader).order_by("pk")
    reports = Report.objects.filter(reporter=reader).order_by("pk")
    return {
        "reviews": [
            {
                "id": review.pk,
                "book": {"id": review.book_id, "title": review.book.title},
                "club": review.club_slug,
                "rating": review.rating / 2,
                "title": review.title,
                "text": review.text,
                "contains_spoilers": review.contains_spoilers,
                "language": review.language,
                "likes_count": review.likes_count,
                "hidden_at": moment(review.hidden_at),
                "created_at": moment(review.created_at),
                "edited_at": moment(review.edited_at),
            }
            for review in reviews
        ],
        "likes": [
            {"review": review_id, "created_at": moment(created_at)}
            for review_id, created_at in likes.values_list("review_id", "created_at")
        ],
        "reports": [
            {
                "kind": report.target_kind,
                "reason": report.reason,
                "comment": report.comment,
                "status": report.status,
                "created_at": moment(report.created_at),
                "decided_at": moment(report.decided_at),
            }
            for report in reports
        ],
    }


@transactional
def erase(reader: User) -> None:
    """Delete the reader's reviews, in the books' aggregates too.

    What the reader liked stays liked: the rows hang on the tombstone of the account and are
    only numbers from then on. Reports stay for whoever decides, without the reader's words;
    what was kept of theirs goes with the account.
    """
    reviews = hold_reviews_of(reader)
    count_many(
        [
            (review.book_id, review.rating, review.created_at, review.undated)
            for review in reviews
            if counts(review)
        ],
        -1,
    )
    for review in reviews:
        announce(
            "visibility",
            by_id=reader.pk,
            review_id=review.pk,
            book_id=review.book_id,
            club_id=review.club_id,
            author_id=reader.pk,
        )
    Review.objects.filter(pk__in=[review.pk for review in reviews]).delete()
    Report.objects.filter(reporter=reader).exclude(comment="").update(comment="")
