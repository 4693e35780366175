"""Representations of books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet

from bookbridge.kernel.compiled import Cut, Question
from bookbridge.kernel.shapes import Json, Row, Shape
from clubs.books.models import Authorship, Book, Isbn
from clubs.books.ratings import mean_stars
from clubs.books.serializers import BookCardSerializer, BookSerializer, BookSummarySerializer

AUTHORS = Cut(("book_id", "author_id", "author__name"))
ISBNS = Cut(("book_id", "isbn13"))


@dataclass(frozen=True)
class Related:
    """What the books of one answer have several of, by the key of the book."""

    authors: dict[int, list[Json]]
    isbns: dict[int, list[str]]


def books_of(*, keys: tuple[Any, ...]) -> QuerySet[Book]:
    """Books by their keys."""
    return Book.objects.filter(pk__in=keys)


def authors_of(*, keys: tuple[Any, ...]) -> QuerySet[Authorship]:
    """The authorships of books, each book's in the order of its title page."""
    return Authorship.objects.filter(book__id__in=keys).order_by("position", "id")


def isbns_of(*, keys: tuple[Any, ...]) -> QuerySet[Isbn]:
    """The ISBNs of books, each book's in their order."""
    return Isbn.objects.filter(book__id__in=keys).order_by("isbn13")


class BookCardShape(Shape):
    """A book as other things show it: a reading list, a poll."""

    serializer = BookCardSerializer
    columns: ClassVar[tuple[str, ...]] = (
        "id",
        "title",
        "published_year",
        "rating_count",
        "rating_sum",
    )

    def related(self, rows: Sequence[Row], viewer: Any) -> Related:
        """Authors and ISBNs, in two queries for any number of books."""
        keys = tuple(row["id"] for row in rows)
        related = Related({}, {})
        for each in Question(authors_of, keys=keys).rows(AUTHORS):
            author = {"id": each["author_id"], "name": each["author__name"]}
            related.authors.setdefault(each["book_id"], []).append(author)
        for each in Question(isbns_of, keys=keys).rows(ISBNS):
            related.isbns.setdefault(each["book_id"], []).append(each["isbn13"])
        return related

    def build(self, row: Row, related: Related, viewer: Any) -> Json:
        """The card."""
        return {
            "id": row["id"],
            "title": row["title"],
            "authors": related.authors.get(row["id"], []),
            "isbns": related.isbns.get(row["id"], []),
            "published_year": row["published_year"],
            "rating_average": mean_stars(row["rating_count"], row["rating_sum"]),
            "rating_count": row["rating_count"],
        }


class BookSummaryShape(BookCardShape):
    """A book in lists of the catalogue: without its description."""

    serializer = BookSummarySerializer
    columns = (*BookCardShape.columns, "subtitle", "language", "page_count", "cover_url")

    def build(self, row: Row, related: Related, viewer: Any) -> Json:
        """The card and what tells editions apart."""
        return super().build(row, related, viewer) | {
            "subtitle": row["subtitle"],
            "language": row["language"],
            "page_count": row["page_count"],
            "cover_url": row["cover_url"],
        }


class BookShape(BookSummaryShape):
    """Everything that is known of a book."""

    serializer = BookSerializer
    columns = (
        *BookSummaryShape.columns,
        "description",
        "openlibrary_id",
        "goodreads_id",
        "added_by__username",
        "added_by__display_name",
        "added_by__erased_at",
        "added_by__leaves_at",
        "created_at",
        "updated_at",
    )

    def build(self, row: Row, related: Related, viewer: Any) -> Json:
        """The summary and the rest."""
        return super().build(row, related, viewer) | {
            "description": row["description"],
            "openlibrary_id": row["openlibrary_id"],
            "goodreads_id": row["goodreads_id"],
            "added_by": _adder(row),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }


def _adder(row: Row) -> Json | None:
    gone = row["added_by__erased_at"] or row["added_by__leaves_at"]
    if row["added_by__username"] is None or gone is not None:
        return None
    return {
        "username": row["added_by__username"],
        "display_name": row["added_by__display_name"],
    }


book_card_shape = BookCardShape()
book_summary_shape = BookSummaryShape()
book_shape = BookShape()


def book_cards(book_ids: Iterable[int]) -> dict[int, Json]:
    """The cards of these books by key, in three queries for any number of them."""
    rows = book_card_shape.rows(Question(books_of, keys=tuple(set(book_ids))))
    return {card["id"]: card for card in book_card_shape.many(rows, None)}
