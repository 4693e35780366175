"""The rules of reviews: publishing, editing, deleting.

Likes live in `likes.py`, hiding in `moderation/hiding.py`.

Every change of what counts (`querysets.counts`) changes the book's aggregates in the same
transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, edited
from bookbridge.kernel.errors import DomainError, NotAllowed
from bookbridge.kernel.inserting import insert_new
from bookbridge.kernel.markdown import render
from bookbridge.kernel.transactions import transactional, transactional_whole
from bookbridge.kernel.updating import write_fields
from clubs.books.services import enter_rating, mark_shared, record_ratings
from clubs.membership.services import lock_club, require_member, require_not_archived
from clubs.models import Book, Club, ListEntry
from clubs.reading.moves import BEING_READ
from reviews.counting import count_out
from reviews.holding import hold_book, hold_reader, hold_review
from reviews.likes import like_review, unlike_review
from reviews.models import Review
from reviews.moderation.hiding import hide_review, show_review
from reviews.months import month_of, record_months
from reviews.querysets import counts
from reviews.recount import recount_books

if TYPE_CHECKING:
    from accounts.models import User

__all__ = [
    "delete_review",
    "edit_review",
    "hide_review",
    "like_review",
    "publish_review",
    "recount_books",
    "require_author",
    "review_address",
    "show_review",
    "unlike_review",
]


@transactional_whole
def publish_review(
    *,
    by: User,
    book: Book,
    rating: int,
    title: str = "",
    text: str = "",
    contains_spoilers: bool = False,
    language: str | None = None,
    club: Club | None = None,
) -> Review:
    """Publish what `by` thinks of a book, to everybody or to the readers of a club.

    Arguments:
        rating: in half stars, 1 to 10.
        text: Markdown.
        language: of the text; the author's own where not given.
        club: whose list must have the book `reading` or `finished`.

    Raises:
        Missing: 404, the book or the club is gone.
        NotAllowed: 403 `not_a_member`.
        DomainError: 409 `already_reviewed`, with `existing`; `club_archived`;
            `book_not_being_read`.
        Unauthenticated: 401, the account was erased meanwhile.
    """
    if club is not None:
        club = lock_club(club.pk)
        require_member(club=club, reader=by)
        _require_open_to(club, book.pk)
    review = Review(
        book=book,
        author=by,
        club=club,
        rating=rating,
        title=title,
        text=text,
        text_html=render(text) if text else "",
        contains_spoilers=contains_spoilers,
        language=by.language if language is None else language,
    )
    if counts(review):
        now = timezone.now()
        book.title = enter_rating(book_id=book.pk, rating=rating, by_id=by.pk, now=now)
    else:
        book.title = hold_book(book.pk).title
        mark_shared(book_id=book.pk, by=by)
    hold_reader(by)
    if not insert_new(review):
        raise _already_reviewed(by, book)
    if counts(review):
        month = month_of(review.created_at)
        record_months({(book.pk, month): 1}, {(club.pk, month): 1} if club else None)
    _tell(review, by)
    return review


@transactional
def edit_review(
    *, review: Review, by: User, changes: Mapping[str, Any], expected: Versions = None
) -> Review:
    """Write `changes` of its author; what stays the same does not count as an edit.

    Gives the review as it is kept now, with its club, its author and the title of its book.

    An author who left the club still edits what they wrote there; moving a review to another
    club has the rules of publishing in it.

    Arguments:
        changes: any of `rating` (half stars), `title`, `text`, `contains_spoilers`,
            `language`, `club`.
        expected: the versions that If-Match accepts.

    Raises:
        Missing: 404, the review or the club is gone.
        NotAllowed: 403 `not_your_review`; `not_a_member` of the club it moves to.
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`, `book_not_being_read`.
    """
    target: Club | None = changes.get("club")
    review = hold_review(review, also_club=target.pk if target else None)
    require_author(review=review, by=by)
    moves_to = target if target and target.pk != review.club_id else None
    if moves_to is not None:
        moves_to = lock_club(moves_to.pk)
        require_member(club=moves_to, reader=by)
    check_version(review, expected)
    if moves_to is not None:
        _require_open_to(moves_to, review.book_id)
    different = edited(review, dict(changes))
    if not different:
        return review
    counted_before, rating_before, club_before = counts(review), review.rating, review.club_id
    for name, value in different.items():
        setattr(review, name, value)
    if moves_to is not None:
        review.club = moves_to
    derived = ["edited_at", "version", "updated_at"]
    if "text" in different:
        review.text_html = render(review.text) if review.text else ""
        derived.append("text_html")
    review.edited_at = timezone.now()
    review.version += 1
    write_fields(review, *different, *derived)
    counts_now = counts(review)
    if (counted_before, rating_before) != (counts_now, review.rating):
        record_ratings(
            book_id=review.book_id,
            removed=[rating_before] if counted_before else [],
            added=[review.rating] if counts_now else [],
        )
    _count_months(
        review,
        before=(counted_before, club_before),
        now=(counts_now, review.club_id),
    )
    left_the_public = counted_before and not counts_now
    _tell(review, by, kind="visibility" if left_the_public else "review")
    return review


def _count_months(
    review: Review, *, before: tuple[bool, int | None], now: tuple[bool, int | None]
) -> None:
    """Count an edited review in its month anew: whether it counts, and in which club."""
    if before == now:
        return
    month = month_of(review.created_at)
    in_clubs = Counter[tuple[int, date]]()
    for (counted, club_id), step in ((before, -1), (now, 1)):
        if counted and club_id is not None:
            in_clubs[club_id, month] += step
    change = 0 if review.undated else now[0] - before[0]
    record_months({(review.book_id, month): change}, in_clubs)


@transactional
def delete_review(*, review: Review, by: User, expected: Versions = None) -> None:
    """Delete one's own review, with its likes.

    Raises:
        Missing: 404, the review is gone.
        NotAllowed: 403 `not_your_review`.
        Stale: 412 `stale`.
    """
    review = hold_review(review, for_deletion=True)
    require_author(review=review, by=by)
    check_version(review, expected)
    if counts(review):
        count_out(review)
    _tell(review, by)
    review.delete()


def require_author(*, review: Review, by: User) -> None:
    """A review is changed by who wrote it.

    Raises:
        NotAllowed: 403 `not_your_review`.
    """
    if review.author_id != by.pk:
        raise NotAllowed(_("Only its author may change a review."), "not_your_review")


def review_address(review_id: int) -> str:
    """The address of a review in the API."""
    return f"{_reviews_address(get_script_prefix())}{review_id}/"


@lru_cache
def _reviews_address(_prefix: str) -> str:
    """The address of all reviews; it depends on where the whole program is mounted."""
    return reverse("reviews")


def _require_open_to(club: Club, book_id: int) -> None:
    """Refuse a review of a book that the club has not begun, or in an archived club."""
    require_not_archived(club)
    read = ListEntry.objects.filter(club=club, book=book_id, status__in=BEING_READ)
    if not read.exists():
        raise DomainError(
            _("Reviews of a club are about books that it is reading or has finished."),
            "book_not_being_read",
        )


def _already_reviewed(by: User, book: Book) -> DomainError:
    """The refusal of a second review; it names the first, unless that is gone by now."""
    message = _("You have reviewed this book already.")
    first = Review.objects.filter(author=by, book=book).values_list("pk", flat=True).first()
    if first is None:
        return DomainError(message, "already_reviewed")
    existing = {"id": first, "url": review_address(first)}
    return DomainError(message, "already_reviewed", existing=existing)


def _tell(review: Review, by: User, kind: str = "review") -> None:
    announce(
        kind,
        by_id=by.pk,
        review_id=review.pk,
        book_id=review.book_id,
        club_id=review.club_id,
        author_id=review.author_id,
    )
