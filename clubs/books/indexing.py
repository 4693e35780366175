"""Writing what searches for books look in, on both databases.

Every service that writes a title, a subtitle or authors calls `index_book`: triggers would be lost
when a migration rebuilds a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from bookbridge.kernel.text import searchable
from clubs.books import vocabulary
from clubs.books.models import Authorship, Book

REINDEX_BATCH = 500


def search_text(title: str, subtitle: str, authors: Iterable[str]) -> str:
    """What of a book is searched, made comparable."""
    return searchable(title, subtitle, *authors)


def index_book(book: Book) -> None:
    """Write what a search finds `book` by: `search_text`, its words among those known to the
    search, and its row in the table of SQLite.

    Part of every service that writes a title, a subtitle or authors, in its transaction.
    """
    authorships = Authorship.objects.filter(book=book).order_by("position", "id")
    authors = list(authorships.values_list("author__name", flat=True))
    text = search_text(book.title, book.subtitle, authors)
    if text != book.search_text:
        Book.objects.filter(pk=book.pk).update(search_text=text)
        book.search_text = text
    vocabulary.learn([text])
    if connection.vendor == "sqlite":
        unindex_book(book.pk)
        row: list[Any] = [
            book.pk,
            searchable(book.title),
            searchable(*authors),
            searchable(book.subtitle),
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO clubs_book_fts (rowid, title, authors, rest) VALUES (%s, %s, %s, %s)",
                row,
            )


def unindex_book(book_id: int) -> None:
    """Take a book that is being deleted out of the table of SQLite."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM clubs_book_fts WHERE rowid = %s", [book_id])


def rebuild_index() -> int:
    """Index all books anew, in batches; gives how many. For `doctor` and bulk imports."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM clubs_book_fts")
    last, done = 0, 0
    while batch := list(Book.objects.filter(pk__gt=last).order_by("pk")[:REINDEX_BATCH]):
        with transaction.atomic():
            for book in batch:
                index_book(book)
        last, done = batch[-1].pk, done + len(batch)
    return done


def unindexed_books() -> int:
    """How many books the table of SQLite has too few or too many; 0 on PostgreSQL."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM clubs_book WHERE id NOT IN "
            "(SELECT rowid FROM clubs_book_fts)) + (SELECT count(*) FROM clubs_book_fts "
            "WHERE rowid NOT IN (SELECT id FROM clubs_book))"
        )
        count: int = cursor.fetchone()[0]
    return count
