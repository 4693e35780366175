"""What the catalogue knows of a reader: which books they added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, moment
from bookbridge.kernel.taking_out import each
from clubs.books.models import Book

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {"clubs.Book": ["added_by"]}

_CATALOGUE = "the catalogue: about a book, shared by all"
EXEMPT = {
    **{
        f"clubs.Book.{field}": _CATALOGUE
        for field in (
            "title",
            "subtitle",
            "language",
            "description",
            "cover_url",
            "openlibrary_id",
            "goodreads_id",
            "work_key",
            "search_text",
        )
    },
    "clubs.SearchWord.word": "a word of the catalogue",
    "clubs.Author.name": "of whoever wrote a book",
    "clubs.Author.name_key": "of whoever wrote a book",
    "clubs.Isbn.isbn13": _CATALOGUE,
    "clubs.BookSource.source": "the name of a data set",
    "clubs.BookSource.key": "a key of a data set",
    "clubs.AuthorSource.source": "the name of a data set",
    "clubs.AuthorSource.key": "a key of a data set",
}


class ExportedBookSerializer(OutputSerializer):
    """A book that the reader added."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    added_at = serializers.DateTimeField()


class BooksExportSerializer(OutputSerializer):
    """What the catalogue knows of the reader."""

    books_added = ExportedBookSerializer(many=True)


def export(reader: User) -> dict[str, Any]:
    """The books that the reader added."""
    books = Book.objects.filter(added_by=reader).order_by("pk")
    return {"books_added": each(books.only("pk", "title", "created_at"), _book)}


def erase(reader: User) -> None:
    """Books stay in the catalogue; that this reader added them is forgotten."""
    Book.objects.filter(added_by=reader).update(added_by=None)


def _book(book: Book) -> Json:
    return {"id": book.pk, "title": book.title, "added_at": moment(book.created_at)}
