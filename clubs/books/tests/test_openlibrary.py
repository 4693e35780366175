"""Open Library on good days and on all kinds of bad ones, over real connections."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, Unavailable
from clubs.books import openlibrary
from clubs.books.models import Book
from clubs.books.openlibrary import fetch
from clubs.books.services import find_or_fetch
from clubs.books.tests.factories import BookFactory
from clubs.books.tests.open_library import HUNGER_GAMES, OpenLibrary


@pytest.fixture(autouse=True)
def _all_places_are_free() -> Any:
    """Threads that were left alone by the test before must be done."""
    yield
    for _place in range(openlibrary.AT_ONCE):
        assert openlibrary._places.acquire(timeout=10)
    for _place in range(openlibrary.AT_ONCE):
        openlibrary._places.release()


def test_a_book_is_found_with_all_that_is_known(library: OpenLibrary) -> None:
    library.knows()
    assert fetch(HUNGER_GAMES) == {
        "title": "The Hunger Games",
        "subtitle": "Book one",
        "authors": ["Suzanne Collins"],
        "published_year": 2008,
        "page_count": 374,
        "language": "",
        "cover_url": "https://covers.openlibrary.org/b/id/12646537-L.jpg",
        "openlibrary_id": "OL9245920M",
        "goodreads_id": "2767052",
    }
    assert library.asked == [f"/api/books?bibkeys=ISBN%3A{HUNGER_GAMES}&format=json&jscmd=data"]


def test_what_it_does_not_know_is_none(library: OpenLibrary) -> None:
    library.answers({})
    assert fetch(HUNGER_GAMES) is None
    library.status = 404
    assert fetch(HUNGER_GAMES) is None


def test_it_is_asked_a_second_time(library: OpenLibrary) -> None:
    library.knows()
    library.fails = 1
    assert fetch(HUNGER_GAMES)
    assert len(library.asked) == 2


class TestBadDays:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b"null",
            b'"ISBN"',
            b"\xff\xfe",
            b'{"ISBN:9780804429573": {}}',
            b'{"ISBN:9780439023481": []}',
            b"[" * 200_000,
            b'{"a": ' * 100_000,
        ],
    )
    def test_garbage_is_no_answer(self, library: OpenLibrary, body: bytes) -> None:
        library.body = body
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)

    @pytest.mark.parametrize("status", [204, 301, 302, 400, 403, 429, 500, 503])
    def test_a_bad_status_is_no_answer(self, library: OpenLibrary, status: int) -> None:
        library.knows()
        library.status = status
        with pytest.raises(Unavailable) as refusal:
            fetch(HUNGER_GAMES)
        assert refusal.value.code == "lookup_unavailable"
        assert refusal.value.retry_after == 60
        assert not [path for path in library.asked if "elsewhere" in path]
        assert len(library.asked) == (2 if status >= 500 else 1)

    def test_a_huge_answer_is_not_read_to_its_end(self, library: OpenLibrary) -> None:
        library.body = b" " * (openlibrary.MAX_ANSWER_BYTES + 1)
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)

    @pytest.mark.parametrize("mood", ["silent", "trickling"])
    def test_nobody_waits_longer_than_the_limit(
        self, library: OpenLibrary, settings: Settings, mood: str
    ) -> None:
        settings.OPENLIBRARY_TIMEOUT = 0.3
        library.mood = mood
        started = time.monotonic()
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)
        # Without a limit it would not come back at all.
        assert time.monotonic() - started < 20
        library.over.set()

    def test_a_connection_that_breaks_is_no_answer(self, library: OpenLibrary) -> None:
        library.mood = "hangs up"
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)

    def test_nobody_there(self, library: OpenLibrary, settings: Settings) -> None:
        settings.OPENLIBRARY_URL = "http://127.0.0.1:9"
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)

    def test_switched_off(self, settings: Settings) -> None:
        settings.OPENLIBRARY_URL = ""
        with pytest.raises(Unavailable) as refusal:
            fetch(HUNGER_GAMES)
        assert refusal.value.retry_after == 24 * 60 * 60

    def test_a_slow_one_does_not_hold_all_threads(
        self, library: OpenLibrary, settings: Settings
    ) -> None:
        library.mood = "silent"
        settings.OPENLIBRARY_TIMEOUT = 60
        waiting = [
            threading.Thread(target=pytest.raises, args=(Unavailable, fetch, HUNGER_GAMES))
            for _place in range(openlibrary.AT_ONCE)
        ]
        for thread in waiting:
            thread.start()
        while len(library.asked) < openlibrary.AT_ONCE:
            time.sleep(0.01)
        with pytest.raises(Unavailable):
            fetch(HUNGER_GAMES)
        assert len(library.asked) == openlibrary.AT_ONCE
        library.over.set()
        for thread in waiting:
            thread.join()


class TestForeignValues:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"title": " The\n Hunger\x00Games "}, {"title": "The Hunger Games"}),
            ({"title": "x" * 1000}, {"title": "x" * 300}),
            ({"authors": [{"name": "A"}, {"name": 5}, 7, {}]}, {"authors": ["A"]}),
            ({"publish_date": "c1954."}, {"published_year": 1954}),
            ({"publish_date": "99999, then 2003-07-01"}, {"published_year": 2003}),
            ({"publish_date": "2099"}, {"published_year": None}),
            ({"publish_date": ["2003"]}, {"published_year": None}),
            ({"number_of_pages": "374"}, {"page_count": None}),
            ({"number_of_pages": True}, {"page_count": None}),
            ({"number_of_pages": -1}, {"page_count": None}),
            ({"number_of_pages": 10**30}, {"page_count": None}),
            ({"cover": {"large": "javascript:alert(1)"}}, {"cover_url": ""}),
            ({"cover": {"large": "http://covers.example/x.jpg"}}, {"cover_url": ""}),
            ({"cover": {"large": "https://a/" + "x" * 600}}, {"cover_url": ""}),
            (
                {"cover": {"medium": "https://a.example/x.jpg"}},
                {"cover_url": "https://a.example/x.jpg"},
            ),
            ({"cover": "https://a.example/x.jpg"}, {"cover_url": ""}),
            ({"key": "/books/../admin"}, {"openlibrary_id": ""}),
            ({"identifiers": {"goodreads": ["<b>"]}}, {"goodreads_id": ""}),
            ({"identifiers": []}, {"goodreads_id": ""}),
            ({"languages": [{"key": "/languages/por"}]}, {"language": "pt"}),
            ({"languages": [{"key": "/languages/tup"}]}, {"language": "tup"}),
            ({"languages": ["eng"]}, {"language": ""}),
        ],
    )
    def test_each_is_taken_only_if_it_is_what_it_should_be(
        self, library: OpenLibrary, changes: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        library.knows(**changes)
        record = fetch(HUNGER_GAMES)
        assert record is not None
        assert {name: record[name] for name in expected} == expected

    @pytest.mark.parametrize("changes", [{"title": ""}, {"title": None}, {"authors": []}])
    def test_without_title_or_author_it_is_no_book(
        self, library: OpenLibrary, changes: dict[str, Any]
    ) -> None:
        library.knows(**changes)
        assert fetch(HUNGER_GAMES) is None


@pytest.mark.django_db
class TestFindOrFetch:
    def test_a_book_that_is_here_is_not_looked_for_elsewhere(self, library: OpenLibrary) -> None:
        book = BookFactory(isbns=[HUNGER_GAMES])
        assert find_or_fetch(isbn="0-439-02348-3", by=UserFactory()) == (book, False)
        assert library.asked == []

    def test_a_book_that_is_fetched_is_added(self, library: OpenLibrary) -> None:
        library.knows()
        ana = UserFactory()
        book, added = find_or_fetch(isbn="0-439-02348-3", by=ana)
        assert added
        assert (book.title, book.added_by, book.openlibrary_id) == (
            "The Hunger Games",
            ana,
            "OL9245920M",
        )
        assert find_or_fetch(isbn=HUNGER_GAMES, by=ana) == (book, False)

    def test_who_comes_second_gets_the_book_of_the_first(
        self, library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        library.knows()

        def fetch_while_another_adds(isbn: str) -> Any:
            BookFactory(isbns=[isbn])
            return fetch(isbn)

        monkeypatch.setattr(openlibrary, "fetch", fetch_while_another_adds)
        book, added = find_or_fetch(isbn=HUNGER_GAMES, by=UserFactory())
        assert (book, added) == (Book.objects.get(), False)

    def test_a_book_that_nobody_knows(self, library: OpenLibrary) -> None:
        with pytest.raises(Missing) as refusal:
            find_or_fetch(isbn=HUNGER_GAMES, by=UserFactory())
        assert refusal.value.code == "book_not_found"

    def test_no_isbn(self, library: OpenLibrary) -> None:
        with pytest.raises(InvalidInput):
            find_or_fetch(isbn="9780439023482", by=UserFactory())
        assert library.asked == []

    def test_a_work_that_is_here_without_isbn_is_named(self, library: OpenLibrary) -> None:
        library.knows()
        here = BookFactory(title="The hunger games", authors=["Suzanne Collins"])
        with pytest.raises(DomainError) as refusal:
            find_or_fetch(isbn=HUNGER_GAMES, by=UserFactory())
        assert refusal.value.code == "possible_duplicate"
        assert refusal.value.extra["candidates"][0]["id"] == here.pk
