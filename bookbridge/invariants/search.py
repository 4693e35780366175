"""What searches look in: texts written by services, and the indexes over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from accounts.models import User
from accounts.querysets import SEARCH_TEXT_LENGTH as READER_TEXT_LENGTH
from bookbridge.invariants.checks import Check, Row, rows_of
from bookbridge.kernel.text import searchable
from clubs.books.authors import work_key
from clubs.books.indexing import search_text, unindexed_books
from clubs.membership.services import SEARCH_TEXT_LENGTH as CLUB_TEXT_LENGTH
from clubs.models import Authorship, Book, Club

BATCH = 1_000
POSTGRESQL_INDEXES = (
    "clubs_book_words",
    "clubs_searchword_trigrams",
    "clubs_club_words",
    "clubs_club_beginnings",
)


def wrong_reader_texts() -> Iterator[Row]:
    """Readers that a search by name would miss or take for others."""
    rows = User.objects.visible().order_by("pk")
    columns = rows.values_list("pk", "username", "display_name", "search_text")
    for key, username, display_name, kept in columns.iterator(chunk_size=BATCH):
        right = searchable(username, display_name)[:READER_TEXT_LENGTH]
        if kept != right:
            yield {"id": key, "kept": kept, "counted": right}


def wrong_club_texts() -> Iterator[Row]:
    """Clubs that a search would miss."""
    columns = Club.objects.order_by("pk").values_list("pk", "name", "description", "search_text")
    for key, name, description, kept in columns.iterator(chunk_size=BATCH):
        right = searchable(name, description)[:CLUB_TEXT_LENGTH]
        if kept != right:
            yield {"id": key, "kept": kept, "counted": right}


def wrong_book_texts() -> Iterator[Row]:
    """Books whose text for the search, or whose key among works, is not that of their title."""
    for batch in _books():
        for book in batch:
            kept = [book.search_text, book.work_key]
            right = [
                search_text(book.title, book.subtitle, book.names),
                work_key(book.title, (book.names or [""])[0]),
            ]
            if kept != right:
                yield {"id": book.pk, "kept": kept, "counted": right}


def missing_indexes() -> Iterator[Row]:
    """On PostgreSQL indexes that are not there or not valid; on SQLite rows of the index."""
    if connection.vendor == "postgresql":
        valid = rows_of(
            "SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indisvalid AND pg_table_is_visible(c.oid)"
        )
        there = {row["name"] for row in valid}
        yield from ({"id": name} for name in POSTGRESQL_INDEXES if name not in there)
        return
    if number := unindexed_books():
        yield {"id": None, "kept": number, "counted": 0}
    for batch in _books():
        rows = rows_of(
            "SELECT rowid AS id, title, authors, rest FROM clubs_book_fts "
            "WHERE rowid BETWEEN %s AND %s",
            [batch[0].pk, batch[-1].pk],
        )
        indexed = {row["id"]: [row["title"], row["authors"], row["rest"]] for row in rows}
        for book in batch:
            right = [
                searchable(book.title),
                searchable(*book.names),
                searchable(book.subtitle),
            ]
            if book.pk in indexed and indexed[book.pk] != right:
                yield {"id": book.pk, "kept": indexed[book.pk], "counted": right}


@dataclass(frozen=True)
class _Book:
    """What of a book its searches depend on."""

    pk: int
    title: str
    subtitle: str
    search_text: str
    work_key: str
    names: list[str]


def _books() -> Iterator[list[_Book]]:
    """All books, so many at a time."""
    last = 0
    while batch := list(
        Book.objects.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "title", "subtitle", "search_text", "work_key")[:BATCH]
    ):
        last = batch[-1][0]
        authors = _authors_of([key for key, *_ in batch])
        yield [_Book(*columns, names=authors[columns[0]]) for columns in batch]


def _authors_of(books: list[int]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = defaultdict(list)
    rows = Authorship.objects.filter(book__in=books).order_by("book_id", "position", "id")
    for book_id, name in rows.values_list("book_id", "author__name"):
        names[book_id].append(name)
    return names


CHECKS = [
    Check(
        "reader_search_text",
        "readers are found by their present names",
        User._meta.db_table,
        wrong_reader_texts,
    ),
    Check(
        "club_search_text",
        "clubs are found by their present name and description",
        Club._meta.db_table,
        wrong_club_texts,
    ),
    Check(
        "book_search_text",
        "books are found, and told apart, by their present titles and authors",
        Book._meta.db_table,
        wrong_book_texts,
    ),
    Check(
        "book_search_index",
        "the search for books has its index, and every book is in it",
        Book._meta.db_table,
        missing_indexes,
    ),
]
