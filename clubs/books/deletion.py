"""Taking a book out of the catalogue, as long as nothing hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from accounts.moderation.models import TargetKind, Verb
from accounts.moderation.records import keep_record
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.transactions import transactional
from clubs.books.indexing import unindex_book
from clubs.books.models import Book, Isbn
from clubs.books.redirects import gone

if TYPE_CHECKING:
    from accounts.models import User


@transactional
def delete_book(*, book_id: int, by: User | None, reason: str = "") -> None:
    """Delete a book on which neither an entry nor a review hangs; it is on the record.

    Raises:
        Missing: 404, there is no such book.
        Moved: 308, it was merged into another.
        DomainError: 409 `in_use`.
    """
    book = Book.objects.select_for_update().filter(pk=book_id).first()
    if book is None:
        raise gone(book_id)
    isbns = list(Isbn.objects.filter(book=book).values_list("isbn13", flat=True))
    try:
        book.delete()
    except ProtectedError:
        raise DomainError(
            _("Entries or reviews hang on this book: merge it into another instead."), "in_use"
        ) from None
    unindex_book(book_id)
    keep_record(
        by=by,
        verb=Verb.DELETE_BOOK,
        target=(TargetKind.BOOK, book_id),
        reason=reason,
        before={"title": book.title, "isbns": isbns},
    )
    announce("book", by_id=by.pk if by else None, book_id=book_id)
