"""What the catalogue knows of a reader: which books they added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookbridge.kernel.shapes import moment
from clubs.books.models import Book

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {"Book": ["added_by"]}


def export(reader: User) -> dict[str, Any]:
    """The books that the reader added."""
    books = Book.objects.filter(added_by=reader).order_by("pk")
    return {
        "books_added": [
            {"id": book.pk, "title": book.title, "added_at": moment(book.created_at)}
            for book in books.only("pk", "title", "created_at")
        ]
    }


def erase(reader: User) -> None:
    """Books stay in the catalogue; that this reader added them is forgotten."""
    Book.objects.filter(added_by=reader).update(added_by=None)
