"""Search for words that very many books have, on PostgreSQL: bounded work, the same order.

The limits are made so small that a few books are many.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clubs.books import ranking
from clubs.books.models import Book
from clubs.books.ratings import record_ratings
from clubs.books.search import matching_books, search_books
from clubs.books.tests.factories import BookFactory
from clubs.books.vocabulary import frequencies, learn_all, similar_words

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("RARE", 3), ("INDEXED", 8), ("FREQUENT", 12), ("POPULAR", 6)):
        monkeypatch.setattr(ranking, name, value)
    yield
    frequencies.forget()


def shelve() -> list[Book]:
    """Twenty books of rivers, ten of them deep, two of them known; and one of a lake."""
    books = [
        BookFactory(title=f"{'Deep' if number % 2 else 'Wide'} River {number}")
        for number in range(20)
    ]
    BookFactory(title="Quiet Lake")
    record_ratings(book_id=books[3].pk, added=[8, 8])
    record_ratings(book_id=books[4].pk, added=[8])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE clubs_book")
    frequencies.forget()
    return books


def found(text: str) -> list[str]:
    return list(search_books(Book.objects.all(), text).values_list("title", flat=True))


def test_the_database_knows_how_many_books_have_a_word() -> None:
    shelve()
    assert 15 <= frequencies.beginning("riv") <= 25
    assert 7 <= frequencies.word("deep") <= 13
    assert frequencies.word("lake") < 3
    assert frequencies.beginning("ri") == float("inf")


def test_a_common_word_finds_the_most_rated_books_and_those_of_the_title() -> None:
    books = shelve()
    plain = BookFactory(title="River")
    titles = found("river")
    assert titles[0] == plain.title
    assert {books[3].title, books[4].title} < set(titles)
    # River itself, and the six most rated ones without the lake, which was added last but one.
    assert len(titles) <= 1 + 6


def test_two_common_words_must_both_occur() -> None:
    books = shelve()
    titles = found("deep river")
    assert books[3].title in titles
    assert all("Deep" in title for title in titles)
    assert len(titles) == 10  # one of the words is looked up, so the others are found too


def test_a_rare_word_finds_its_book_whatever_stands_beside_it() -> None:
    shelve()
    BookFactory(title="River of the Okavango")
    assert found("river okavango") == found("ri okav") == ["River of the Okavango"]


def test_filters_hold_among_the_popular() -> None:
    books = shelve()
    Book.objects.filter(pk=books[4].pk).update(language="pt-br")
    narrowed = search_books(Book.objects.filter(language="pt-br"), "river")
    assert list(narrowed) == [books[4]]


def test_a_typing_error_in_a_common_word_is_forgiven() -> None:
    books = shelve()
    assert books[3].title in found("rivre")
    assert found("quite lake") == ["Quiet Lake"]


def test_no_statement_asks_for_a_word_in_very_many_books_by_the_index() -> None:
    shelve()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found("river")
    searched = [query["sql"] for query in asked if "to_tsvector" in query["sql"]]
    assert searched == []
    assert any(f"LIMIT {ranking.POPULAR}" in query["sql"] for query in asked)


def test_words_of_a_bulk_load_are_learned_in_one_statement() -> None:
    book = BookFactory()
    Book.objects.filter(pk=book.pk).update(search_text="the susurrus")
    learn_all()
    learn_all()
    assert similar_words(["susurus", "the"]) == {"susurus": ["susurrus"], "the": []}


def test_the_indexes_are_there_and_are_those_of_the_queries() -> None:
    words = matching_books(Book.objects.all(), "dom casmurro").values("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clubs_searchword SELECT md5(n::text) FROM generate_series(1, 5000) n"
        )
        cursor.execute("SELECT gin_clean_pending_list('clubs_searchword_trigrams')")
        cursor.execute("ANALYZE clubs_searchword")
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "clubs_book_words" in words.explain()
        cursor.execute("EXPLAIN SELECT word FROM clubs_searchword WHERE word % 'casmuro'")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "clubs_searchword_trigrams" in plan
