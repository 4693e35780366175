"""What the search needs of the database goes and comes back with its migration."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from clubs.books.models import Book
from clubs.books.search import rebuild_index, search_books
from clubs.books.tests.factories import BookFactory


def has_index() -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return "clubs_book_fts" in connection.introspection.table_names(cursor)
        names = connection.introspection.get_constraints(cursor, Book._meta.db_table)
    return {"clubs_book_words", "clubs_book_trigrams"} <= names.keys()


@pytest.mark.django_db(transaction=True)
def test_it_is_undone_and_done_again_and_books_are_kept() -> None:
    book = BookFactory(title="Kept")
    assert has_index()
    try:
        call_command("migrate", "clubs", "0001", verbosity=0)
        assert not has_index()
    finally:
        call_command("migrate", verbosity=0)
    assert has_index()
    rebuild_index()
    assert list(search_books(Book.objects.all(), "kept")) == [book]
