"""What the search needs of the database goes and comes back with its migration."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from clubs.books.indexing import rebuild_index
from clubs.books.models import Book
from clubs.books.search import search_books
from clubs.books.tests.factories import BookFactory


def has_index() -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return "clubs_book_fts" in connection.introspection.table_names(cursor)
        names = connection.introspection.get_constraints(cursor, Book._meta.db_table)
        tables = connection.introspection.table_names(cursor)
    assert "clubs_book_trigrams" not in names
    return "clubs_book_words" in names and "clubs_searchword" in tables


@pytest.mark.django_db(transaction=True)
def test_it_is_undone_and_done_again_and_books_are_kept() -> None:
    book = BookFactory(title="Kept")
    assert has_index()
    try:
        call_command("migrate", "clubs", "0001", verbosity=0)
        assert not has_index()
        call_command("migrate", "clubs", "0006", verbosity=0)
        call_command("migrate", "clubs", "0004", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert has_index()
    rebuild_index()
    assert list(search_books(Book.objects.all(), "kept")) == [book]
