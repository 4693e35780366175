"""The locks under which reviews change, always taken in one order: club, book, review, reader.

Whether a review counts depends on its club's visibility, so whoever writes a review of a club
holds the club's row, as does whoever changes the visibility. The book's row is next, because
its aggregates are kept in step with its reviews.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from bookbridge.kernel.compiled import Cut, Question
from bookbridge.kernel.errors import Missing, Unauthenticated
from clubs.models import Book, Club
from reviews.models import Review

if TYPE_CHECKING:
    from accounts.models import User


def hold_review(
    seen: Review, *, also_club: int | None = None, for_deletion: bool = False
) -> Review:
    """A review, locked with its book and its club (and `also_club`, which it may move to).

    It comes with the locked club, with the title of its book and with its author. `seen` is the
    review as it was read before, which tells where it probably still is.

    Raises:
        Missing: 404, the review is gone.
    """
    place = (seen.club_id, seen.book_id)
    while True:
        club_id, book_id = place
        clubs = hold_clubs({club_id, also_club})
        book = _lock_book(book_id)
        asked = Question(review_to_lock, key=seen.pk, for_deletion=for_deletion)
        review: Review | None = asked.first()
        if review is None:
            break
        if (review.club_id, review.book_id) == place and book is not None:
            review.club, review.book = clubs.get(club_id), book
            return review
        # It moved while we waited: take the locks that belong to its new place.
        place = (review.club_id, review.book_id)
    raise Missing()


def hold_reviews_of(author: User) -> list[Review]:
    """All reviews of an author about to leave, locked for deletion with all that they touch.

    In the end the author's own row is locked, so that nothing more is published.
    """
    held: set[tuple[int, int | None, int]] | None = None
    clubs: dict[int | None, Club] = {}
    reviews: list[Review] = []
    while True:
        rows = Review.objects.filter(author=author).values_list("pk", "club_id", "book_id")
        places: set[tuple[int, int | None, int]] = set(rows)
        if places == held:
            break
        held = places
        clubs = hold_clubs({club_id for _pk, club_id, _book in places})
        hold_books({book_id for _pk, _club, book_id in places})
        keys = [pk for pk, _club, _book in places]
        rows_held = reviews_to_lock(for_deletion=True).filter(pk__in=keys)
        reviews = list(rows_held.order_by("pk"))
        _lock_reader(author)
    for review in reviews:
        review.club = clubs.get(review.club_id)
    return reviews


def hold_clubs(ids: Iterable[int | None]) -> dict[int | None, Club]:
    """Clubs by key, locked in the order of their keys; those that are gone are left out."""
    wanted = {club_id for club_id in ids if club_id is not None}
    if not wanted:
        return {}
    found = Club.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return {club.pk: club for club in found}


def hold_book(book_id: int) -> Book:
    """The book, locked.

    Raises:
        Missing: 404, the book is gone.
    """
    book = _lock_book(book_id)
    if book is None:
        raise Missing()
    return book


def hold_books(ids: Iterable[int]) -> None:
    """Lock books in the order of their keys."""
    found = Book.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")
    list(found.values_list("pk", flat=True))


def hold_reader(reader: User) -> None:
    """Lock the row of a reader who writes, so that leaving the platform waits.

    Raises:
        Unauthenticated: 401, the account was erased meanwhile.
    """
    if _lock_reader(reader) != [None]:
        raise Unauthenticated()


def _lock_reader(reader: User) -> list[datetime | None]:
    """The moment of the reader's erasure, in a list of the one row there should be."""
    rows = Question(reader_to_lock, key=reader.pk).rows(Cut(("erased_at",), stop=1))
    return [row["erased_at"] for row in rows]


def _lock_book(book_id: int) -> Book | None:
    book: Book | None = Question(book_to_lock, key=book_id).first()
    return book


# -- what is asked for a lock ---------------------------------------------------------------


def book_to_lock(*, key: Any) -> QuerySet[Book]:
    """A book with its title, to be locked."""
    return Book.objects.select_for_update(no_key=True).only("pk", "title").filter(pk=key)


def reader_to_lock(*, key: Any) -> QuerySet[User]:
    """The row of a reader, to be locked."""
    return get_user_model().objects.select_for_update(no_key=True).filter(pk=key)


def review_to_lock(*, key: Any, for_deletion: bool) -> QuerySet[Review]:
    """A review with its author, to be locked."""
    return reviews_to_lock(for_deletion=for_deletion).filter(pk=key)


def reviews_to_lock(*, for_deletion: bool) -> QuerySet[Review]:
    """Reviews with their authors, to be locked.

    A like refers to its review: a deletion needs the lock that keeps new likes out.
    """
    rows = Review.objects.select_for_update(no_key=not for_deletion, of=("self",))
    return rows.select_related("author")
