"""What readers do with the catalogue: add books, by hand or by ISBN, and edit them.

The rating columns are written by `ratings.py`, what a search finds by `search.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, edited
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, NotAllowed
from bookbridge.kernel.transactions import transactional
from clubs.books import openlibrary
from clubs.books.authors import MAX_AUTHORS, distinct_names, find_or_create, set_authors, work_key
from clubs.books.deletion import delete_book
from clubs.books.duplicates import (
    add_isbns,
    book_address,
    changed_isbns,
    checked_isbns,
    invalid_isbn,
    refuse_same_work,
    refuse_taken,
    replace_isbns,
)
from clubs.books.indexing import index_book, search_text
from clubs.books.isbn import InvalidIsbn, parse
from clubs.books.models import Author, Authorship, Book
from clubs.books.ratings import enter_rating, record_many, record_ratings, set_ratings

if TYPE_CHECKING:
    from accounts.models import User
from accounts.site_roles import rank_in_force

__all__ = [
    "add_book",
    "book_address",
    "check_may_edit",
    "delete_book",
    "edit_book",
    "enter_rating",
    "find_or_fetch",
    "index_book",
    "mark_many_shared",
    "mark_shared",
    "record_many",
    "record_ratings",
    "set_ratings",
]

#: What of a book may be given besides title, authors and ISBNs.
FIELDS = frozenset(
    {
        "subtitle",
        "published_year",
        "language",
        "page_count",
        "description",
        "cover_url",
        "openlibrary_id",
        "goodreads_id",
    }
)


@transactional
def add_book(
    *,
    by: User | None,
    title: str,
    authors: Sequence[str],
    isbns: Sequence[str] = (),
    confirm_distinct: bool = False,
    **fields: Any,
) -> Book:
    """Add a book to the catalogue.

    Arguments:
        by: who adds it; None for the demo and imports.
        authors: names in the order of the title page; those known are found by name.
        isbns: ISBN-10 or ISBN-13, with or without hyphens.
        confirm_distinct: it is another work than those of the same title and author.
        fields: any of `FIELDS`.

    Raises:
        InvalidInput: 400, an ISBN with a wrong check digit, no author or too many.
        DomainError: `isbn_taken`, with `existing`; `possible_duplicate`, with `candidates`:
            the same title and first author, and one of the two books has no ISBN that could
            tell them apart.
    """
    _refuse_unknown(fields)
    numbers = checked_isbns(isbns)
    refuse_taken(numbers)
    people = _checked_authors(authors)
    book = Book(title=title, added_by=by, **fields)
    book.work_key = work_key(title, people[0].name)
    if not confirm_distinct:
        refuse_same_work(book, numbers, first_author=people[0])
    names = [author.name for author in people]
    book.search_text = search_text(title, book.subtitle, names)
    book.save(force_insert=True)
    set_authors(book, people)
    add_isbns(book, numbers)
    index_book(book)
    announce("book", by_id=by.pk if by else None, book_id=book.pk)
    return book


@transactional
def edit_book(
    *, book_id: int, by: User, changes: Mapping[str, Any], expected: Versions = None
) -> Book:
    """Change what is known of a book; what stays the same does not count as an edit.

    Arguments:
        changes: any of `title`, `authors`, `isbns` and `FIELDS`; authors and ISBNs as a whole.
        expected: the versions that If-Match accepts.

    Raises:
        Missing: `not_found`.
        NotAllowed: as `check_may_edit`.
        Stale: 412 `stale`.
        InvalidInput: 400, an ISBN with a wrong check digit, no author or too many.
        DomainError: `isbn_taken`, with `existing`.
    """
    book = Book.objects.select_for_update(no_key=True).filter(pk=book_id).first()
    if book is None:
        raise Missing()
    check_may_edit(book=book, by=by)
    check_version(book, expected)
    plain = {name: value for name, value in changes.items() if name not in ("authors", "isbns")}
    _refuse_unknown(plain, "title")
    different = edited(book, plain)
    people = _changed_authors(book, changes["authors"]) if "authors" in changes else None
    numbers = changed_isbns(book, changes["isbns"]) if "isbns" in changes else None
    if not different and people is None and numbers is None:
        return book
    for name, value in different.items():
        setattr(book, name, value)
    if people is not None:
        set_authors(book, people)
    if numbers is not None:
        replace_isbns(book, numbers)
    first = people[0] if people else _first_author(book)
    book.work_key = work_key(book.title, first.name if first else "")
    book.version = book.version + 1
    book.save(update_fields=[*different, "work_key", "version", "updated_at"])
    index_book(book)
    announce("book", by_id=by.pk, book_id=book.pk)
    return book


def check_may_edit(*, book: Book, by: User) -> None:
    """Who added a book edits it until it is shared; site moderators always do.

    Raises:
        NotAllowed: 403 `book_is_shared`, another reader's entry or review hangs on it;
            403 `not_your_book`.
    """
    if by.pk == book.added_by_id and book.shared_at is None:
        return
    if rank_in_force(by):
        return
    if book.shared_at is not None:
        raise NotAllowed(
            _("Others use this book by now: ask a site moderator to change it."),
            "book_is_shared",
        )
    raise NotAllowed(_("Only who added this book may change it."), "not_your_book")


def find_or_fetch(*, isbn: str, by: User) -> tuple[Book, bool]:
    """The book of an ISBN: of the catalogue, else fetched from Open Library and added.

    Gives the book and whether it was added now. Not a transaction as a whole: Open Library is
    asked outside of one (unless the caller has one under way) and in bounded time.

    Raises:
        InvalidInput: 400 `invalid_isbn` for `/isbn`.
        Missing: 404 `book_not_found`, Open Library does not know it either.
        Unavailable: 503 `lookup_unavailable`, Open Library cannot be asked.
        DomainError: `possible_duplicate`, with `candidates`.
    """
    try:
        number = parse(isbn)
    except InvalidIsbn:
        raise InvalidInput([invalid_isbn("/isbn")]) from None
    book = _book_with_isbn(number)
    if book is not None:
        return book, False
    record = openlibrary.fetch(number)
    if record is None:
        raise Missing(
            _("Neither BookBridge nor Open Library knows this ISBN. Enter the book by hand."),
            "book_not_found",
        )
    try:
        return add_book(by=by, isbns=[number], **record), True
    except DomainError as error:
        # Somebody else looked it up at the same time and was faster.
        if error.code != "isbn_taken":
            raise
    book = _book_with_isbn(number)
    if book is None:
        raise Missing()
    return book, False


def mark_shared(*, book_id: int, by: User) -> None:
    """Note that an entry or a review of `by` hangs on a book.

    If another reader added it, it is theirs to edit no longer. One statement, which changes
    nothing when the book is shared already.
    """
    Book.objects.filter(pk=book_id, shared_at__isnull=True).exclude(added_by=by).update(
        shared_at=timezone.now()
    )


def mark_many_shared(*, book_ids: Iterable[int]) -> None:
    """The same for many books on which imported readers have an opinion; they add none."""
    Book.objects.filter(pk__in=list(book_ids), shared_at__isnull=True).update(
        shared_at=timezone.now()
    )


def _refuse_unknown(fields: Mapping[str, Any], *also: str) -> None:
    unknown = fields.keys() - FIELDS - set(also)
    if unknown:
        raise TypeError(f"a book has no {', '.join(sorted(unknown))} that could be written")


# -- authors --------------------------------------------------------------------------------


def _checked_authors(names: Sequence[str]) -> list[Author]:
    given = [name for name in names if name.strip()]
    if not given:
        raise InvalidInput([("/authors", "empty", _("A book has at least one author."))])
    if len(distinct_names(given)) > MAX_AUTHORS:
        raise InvalidInput([("/authors", "max_length", _("A book has at most 20 authors."))])
    return find_or_create(given)


def _changed_authors(book: Book, names: Sequence[str]) -> list[Author] | None:
    """The authors that `names` are, or None when they are those of the book in this order."""
    people = _checked_authors(names)
    kept = Authorship.objects.filter(book=book).order_by("position", "id")
    if [author.pk for author in people] == list(kept.values_list("author_id", flat=True)):
        return None
    return people


def _first_author(book: Book) -> Author | None:
    return (
        Author.objects.filter(authorships__book=book)
        .order_by(F("authorships__position"), F("authorships__id"))
        .first()
    )


def _book_with_isbn(number: str) -> Book | None:
    return Book.objects.filter(isbns__isbn13=number).first()
