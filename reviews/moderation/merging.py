"""Making one book of two entries of the catalogue.

Everything that hung on one hangs on the other. Where a reader reviewed both, the review that was
edited later stays; where a club lists both, the entry that is further along. What gives way is
kept with the moderation record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.moderation.models import KeptText, ModerationRecord, TargetKind, Verb
from accounts.moderation.notices import notify
from accounts.moderation.records import keep_record
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.errors import DomainError, InvalidInput
from bookbridge.kernel.shapes import Json, day, moment
from bookbridge.kernel.transactions import transactional
from clubs.books.indexing import unindex_book
from clubs.books.redirects import gone
from clubs.models import Book, BookSource, Isbn, ListEntry, MergedBook
from reviews.holding import hold_clubs
from reviews.models import Review
from reviews.moderation.entries import set_entries_aside, settle_entries
from reviews.months import settle_clubs, settle_months
from reviews.recount import recount_books

if TYPE_CHECKING:
    from accounts.models import User

#: What the remaining book takes from the other where it says nothing itself.
FILLED = (
    "subtitle",
    "published_year",
    "language",
    "page_count",
    "description",
    "cover_url",
    "openlibrary_id",
    "goodreads_id",
)


@dataclass
class Merger:
    """What a merge moves, and what gives way; keys only.

    Attributes:
        reviews_aside: of each reader who reviewed both, the review that goes.
        entries_aside: for each club that lists both, the entries that stay and that go.
    """

    reviews_moved: int = 0
    reviews_aside: list[int] = field(default_factory=list)
    entries_moved: int = 0
    entries_aside: list[tuple[int, int]] = field(default_factory=list)
    isbns: list[str] = field(default_factory=list)


def preview(*, book: Book, into: Book) -> Merger:
    """What `merge_books` would do now."""
    plan = Merger(isbns=list(Isbn.objects.filter(book=book).values_list("isbn13", flat=True)))
    plan.reviews_aside = _reviews_that_go(book, into)
    here = Review.objects.filter(book=book)
    plan.reviews_moved = here.exclude(pk__in=plan.reviews_aside).count()
    plan.entries_aside = settle_entries(book, into)
    gone_entries = [loser for _winner, loser in plan.entries_aside]
    entries = ListEntry.objects.filter(book=book)
    plan.entries_moved = entries.exclude(pk__in=gone_entries).count()
    return plan


@transactional
def merge_books(*, book_id: int, into_id: int, by: User | None, reason: str = "") -> Book:
    """Let `into` be the one book, and `book` an old address of it; gives `into`.

    Raises:
        InvalidInput: 400 `unknown_book` for `/into`.
        Missing: 404, there is no such book.
        Moved: 308, it was merged already.
        DomainError: 409 `same_book`.
    """
    if book_id == into_id:
        raise DomainError(_("A book cannot be merged into itself."), "same_book")
    book, into = _hold(book_id, into_id)
    plan = preview(book=book, into=into)
    record = _record(book, into, plan, by=by, reason=reason)
    clubs = _set_reviews_aside(plan.reviews_aside, record)
    set_entries_aside(plan.entries_aside, record)
    Review.objects.filter(book=book).update(book=into)
    ListEntry.objects.filter(book=book).update(book=into, version=F("version") + 1)
    Isbn.objects.filter(book=book).update(book=into)
    BookSource.objects.filter(book=book).update(book=into)
    MergedBook.objects.filter(into=book).update(into=into)
    _fill(into, book)
    book.delete()
    unindex_book(book_id)
    MergedBook.objects.create(old_id=book_id, into=into)
    recount_books([into.pk], heal=True)
    settle_months([book_id, into.pk])
    settle_clubs(clubs)
    for kind in ("visibility", "book"):
        announce(kind, by_id=by.pk if by else None, book_id=into.pk)
    return into


def _hold(book_id: int, into_id: int) -> tuple[Book, Book]:
    """Both books, locked with every club that has either; clubs first, as everywhere."""
    held: set[int | None] | None = None
    while True:
        clubs = _clubs_of(book_id, into_id)
        if held is not None and clubs <= held:
            break
        held = (held or set()) | clubs
        hold_clubs(held)
        # A deletion: nothing new may hang on either from here on.
        rows = Book.objects.select_for_update().filter(pk__in=(book_id, into_id))
        books = {row.pk: row for row in rows.order_by("pk")}
    if book_id not in books:
        raise gone(book_id)
    if into_id not in books:
        message = _("There is no such book.")
        raise InvalidInput([("/into", "unknown_book", message)], message)
    return books[book_id], books[into_id]


def _clubs_of(*book_ids: int) -> set[int | None]:
    listed = ListEntry.objects.filter(book__in=book_ids).values_list("club_id", flat=True)
    reviewed = Review.objects.filter(book__in=book_ids, club__isnull=False)
    return {*listed, *reviewed.values_list("club_id", flat=True)}


def _reviews_that_go(book: Book, into: Book) -> list[int]:
    """Of each reader's two reviews the one that was not edited later, or is of `book`."""
    both = Review.objects.filter(book=book, author__in=_authors(into))
    of_book = {row["author_id"]: row for row in _dated(both)}
    rivals = Review.objects.filter(book=into, author__in=list(of_book))
    going = []
    for rival in _dated(rivals):
        row = of_book[rival["author_id"]]
        goes = rival if _last_edit(row) > _last_edit(rival) else row
        going.append(goes["pk"])
    return sorted(going)


def _authors(book: Book) -> Any:
    return Review.objects.filter(book=book).values("author")


def _dated(reviews: Any) -> Any:
    return reviews.values("pk", "author_id", "created_at", "edited_at")


def _last_edit(row: dict[str, Any]) -> Any:
    return row["edited_at"] or row["created_at"]


def _set_reviews_aside(keys: list[int], record: ModerationRecord) -> set[int]:
    """Keep the words of reviews that give way, delete them, and tell their authors.

    Gives the keys of the clubs that they were in.
    """
    rows = Review.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    reviews = list(rows)
    KeptText.objects.bulk_create(
        (
            KeptText(reader_id=review.author_id, record=record, content=_words(review))
            for review in reviews
        ),
        batch_size=500,
    )
    authors = [review.author_id for review in reviews]
    notify(authors, "review_set_aside", about=(TargetKind.BOOK, record.after["into"]))
    Review.objects.filter(pk__in=keys).delete()
    return {review.club_id for review in reviews if review.club_id is not None}


def _words(review: Review) -> Json:
    return {
        "kind": "review",
        "id": review.pk,
        "book": review.book_id,
        "rating": review.rating / 2,
        "title": review.title,
        "text": review.text,
        "created_at": moment(review.created_at),
        "edited_at": moment(review.edited_at),
    }


def _record(
    book: Book, into: Book, plan: Merger, *, by: User | None, reason: str
) -> ModerationRecord:
    entries = ListEntry.objects.filter(pk__in=[loser for _winner, loser in plan.entries_aside])
    return keep_record(
        by=by,
        verb=Verb.MERGE_BOOKS,
        target=(TargetKind.BOOK, book.pk),
        reason=reason,
        before={
            "title": book.title,
            "isbns": plan.isbns,
            "entries_set_aside": [
                {
                    "id": entry.pk,
                    "club": entry.club_id,
                    "book": entry.book_id,
                    "status": entry.status,
                    "position": entry.position,
                    "proposed_by": entry.proposed_by_id,
                    "started_on": day(entry.started_on),
                    "finished_on": day(entry.finished_on),
                }
                for entry in entries.order_by("pk")
            ],
        },
        after={
            "into": into.pk,
            "reviews_moved": plan.reviews_moved,
            "reviews_set_aside": plan.reviews_aside,
            "entries_moved": plan.entries_moved,
        },
    )


def _fill(into: Book, book: Book) -> None:
    """Take over what the remaining book does not say, and that others use it by now."""
    taken = [name for name in FILLED if getattr(into, name) in ("", None) and getattr(book, name)]
    for name in taken:
        setattr(into, name, getattr(book, name))
    if into.shared_at is None:
        others = ListEntry.objects.filter(book=into).exclude(proposed_by=into.added_by_id)
        reviews = Review.objects.filter(book=into).exclude(author=into.added_by_id)
        if book.shared_at or others.exists() or reviews.exists():
            into.shared_at = book.shared_at or timezone.now()
    into.version += 1
    into.save(update_fields=[*taken, "shared_at", "version", "updated_at"])
