"""What makes two books the same, and how the second one is refused: with where the first is."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import DomainError, InvalidInput
from bookbridge.kernel.transactions import refuse_duplicate
from clubs.books.isbn import InvalidIsbn, parse
from clubs.books.models import Author, Book, Isbn

CANDIDATES_SHOWN = 10


def book_address(book_id: int) -> str:
    """The address of a book in the API."""
    return reverse("book", kwargs={"id": book_id})


def refuse_same_work(book: Book, numbers: Sequence[str], *, first_author: Author) -> None:
    """Refuse a work that is here already, when no ISBN tells the two apart.

    Raises:
        DomainError: `possible_duplicate`, with `candidates`.
    """
    # Whoever adds the same work at the same time waits here for the other to finish.
    Author.objects.select_for_update(no_key=True).get(pk=first_author.pk)
    same = Book.objects.filter(work_key=book.work_key)
    if numbers:
        same = same.filter(isbns__isnull=True)
    candidates = [
        {"id": key, "title": title, "url": book_address(key)}
        for key, title in same.order_by("pk").values_list("pk", "title")[:CANDIDATES_SHOWN]
    ]
    if candidates:
        message = _(
            "A book with this title and author is in the catalogue. "
            "If yours is a different one, say so with confirm_distinct."
        )
        raise DomainError(message, "possible_duplicate", candidates=candidates)


def invalid_isbn(pointer: str) -> tuple[str, str, str]:
    """The fault of a text that is no ISBN, for InvalidInput."""
    detail = _("This is not an ISBN: 10 or 13 digits, the last of which checks the others.")
    return (pointer, "invalid_isbn", detail)


def checked_isbns(texts: Sequence[str]) -> list[str]:
    """The ISBN-13s of `texts`, sorted, each once.

    Raises:
        InvalidInput: `invalid_isbn` for each that is none.
    """
    numbers, errors = set(), []
    for place, text in enumerate(texts):
        try:
            numbers.add(parse(text))
        except InvalidIsbn:
            errors.append(invalid_isbn(f"/isbns/{place}"))
    if errors:
        raise InvalidInput(errors)
    return sorted(numbers)


def changed_isbns(book: Book, texts: Sequence[str]) -> list[str] | None:
    """The ISBN-13s of `texts`, or None when they are those of the book."""
    numbers = checked_isbns(texts)
    return None if set(numbers) == set(_isbns_of(book)) else numbers


def add_isbns(book: Book, numbers: Sequence[str]) -> None:
    """Write ISBN-13s that are new to `book`; the constraint decides who of two was first.

    Raises:
        DomainError: `isbn_taken`, with `existing`.
    """
    if numbers:
        with refuse_duplicate(lambda: _taken(numbers), "isbn_once_in_catalogue"):
            Isbn.objects.bulk_create(Isbn(book=book, isbn13=number) for number in numbers)


def replace_isbns(book: Book, numbers: Sequence[str]) -> None:
    """Make `numbers` the ISBNs of `book`.

    Raises:
        DomainError: `isbn_taken`, with `existing`.
    """
    Isbn.objects.filter(book=book).exclude(isbn13__in=numbers).delete()
    kept = set(_isbns_of(book))
    new = [number for number in numbers if number not in kept]
    refuse_taken(new)
    add_isbns(book, new)


def refuse_taken(numbers: Sequence[str]) -> None:
    """Refuse ISBN-13s that a book of the catalogue has.

    Raises:
        DomainError: `isbn_taken`, with `existing`.
    """
    if numbers and Isbn.objects.filter(isbn13__in=numbers).exists():
        raise _taken(numbers)


def _isbns_of(book: Book) -> list[str]:
    return list(Isbn.objects.filter(book=book).values_list("isbn13", flat=True))


def _taken(numbers: Sequence[str]) -> DomainError:
    message = _("A book with this ISBN is in the catalogue.")
    found = Isbn.objects.filter(isbn13__in=numbers).order_by("isbn13").values("book_id").first()
    if found is None:  # it was deleted in between: the next try will do
        return DomainError(message, "isbn_taken")
    existing = {"id": found["book_id"], "url": book_address(found["book_id"])}
    return DomainError(message, "isbn_taken", existing=existing)
