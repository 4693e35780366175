"""Books, entries and reviews as rows, with the columns that services keep."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from accounts.models import User
from accounts.tests.factories import UserFactory
from clubs.books.authors import find_or_create, set_authors, work_key
from clubs.models import Book, Club, EntryMove, ListEntry
from clubs.reading.counting import count_move
from clubs.reading.finished import count_finish
from reviews.counting import count_in
from reviews.models import Review

_numbers = count(1)


def moment(text: str) -> datetime:
    """`2026-11-20 10:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = moment("2026-11-20 12:00")


def of_month(figures: dict[str, Any], month: str) -> dict[str, Any]:
    """The row of one month."""
    return next(row for row in figures["by_month"] if row["month"] == month)


def book(title: str = "", author: str = "Machado de Assis", **fields: Any) -> Book:
    """A book of the catalogue."""
    title = title or f"Book {next(_numbers)}"
    made = Book.objects.create(title=title, work_key=work_key(title, author), **fields)
    set_authors(made, find_or_create([author]))
    return made


def entry(
    club: Club,
    of: Book | None = None,
    status: str = "finished",
    *,
    at: datetime = NOW,
    **fields: Any,
) -> ListEntry:
    """A book on a club's list, with the one move that brought it there."""
    if status == "finished":
        fields.setdefault("finished_on", date(2026, 11, 1))
    made = ListEntry.objects.create(
        club=club, book=of or book(), status=status, position=next(_numbers), **fields
    )
    move(made, status, at=at)
    count_finish(club, before=None, after=made.finished_on)
    return made


def move(of: ListEntry, to: str, *, before: str = "", at: datetime = NOW) -> None:
    """A move of an entry."""
    made = EntryMove.objects.create(entry=of, from_status=before, to_status=to)
    EntryMove.objects.filter(pk=made.pk).update(moved_at=at)
    count_move(of.club)


def review(
    of: Book,
    rating: int = 8,
    *,
    by: User | None = None,
    club: Club | None = None,
    at: datetime | None = None,
    hidden: bool = False,
) -> Review:
    """A review with so many half stars; the book's columns count it if everybody may see it."""
    author = by or UserFactory()
    made = Review.objects.create(book=of, author=author, club=club, rating=rating)
    changes: dict[str, Any] = {"created_at": at} if at else {}
    if hidden:
        changes["hidden_at"] = moment("2026-11-20 10:00")
    if changes:
        Review.objects.filter(pk=made.pk).update(**changes)
    if Review.objects.counted().filter(pk=made.pk).exists():
        made.created_at = at or made.created_at
        count_in(made)
    return made
