"""Writing to the catalogue over HTTP: by hand, by ISBN, and edits."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.books.models import Book
from clubs.books.services import mark_shared, record_ratings
from clubs.books.tests.factories import BookFactory
from clubs.books.tests.open_library import HUNGER_GAMES, OpenLibrary

pytestmark = pytest.mark.django_db

BY_HAND = {"title": "Dom Casmurro", "authors": ["Machado de Assis"]}
DOM_CASMURRO = "9780850515039"


def faults(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 400, answer.content
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


class TestAdding:
    def test_a_reader_adds_a_book(self, api: Any) -> None:
        ana = UserFactory(username="ana")
        body = BY_HAND | {
            "isbns": ["978-0-85051-503-9"],
            "published_year": 1899,
            "language": "PT-BR",
            "cover_url": "https://covers.example/1.jpg",
        }
        answer = api(ana).post("books/", body)
        assert answer.status_code == 201, answer.content
        data = answer.json()
        assert data["isbns"] == [DOM_CASMURRO]
        assert data["language"] == "pt-br"
        assert data["added_by"]["username"] == "ana"
        assert answer["Location"] == f"http://testserver/api/v1/books/{data['id']}/"
        assert api().get(answer["Location"]).json() == data
        assert api().get(answer["Location"])["ETag"] == answer["ETag"]

    def test_a_visitor_may_not(self, api: Any) -> None:
        assert api().post("books/", BY_HAND).status_code == 401
        assert api().post("books/lookup/", {"isbn": HUNGER_GAMES}).status_code == 401

    def test_a_duplicate_says_where_the_first_is(self, api: Any) -> None:
        ana = UserFactory()
        first = api(ana).post("books/", BY_HAND | {"isbns": [DOM_CASMURRO]}).json()
        url = f"/api/v1/books/{first['id']}/"
        answer = api(ana).post("books/", {"title": "T", "authors": ["A"], "isbns": [DOM_CASMURRO]})
        assert (answer.status_code, answer.json()["code"]) == (409, "isbn_taken")
        assert answer.json()["existing"] == {"id": first["id"], "url": url}
        answer = api(ana).post("books/", BY_HAND)
        assert (answer.status_code, answer.json()["code"]) == (409, "possible_duplicate")
        candidate = {"id": first["id"], "title": "Dom Casmurro", "url": url}
        assert answer.json()["candidates"] == [candidate]
        answer = api(ana).post("books/", BY_HAND | {"confirm_distinct": True})
        assert answer.status_code == 201

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"title": ""}, ("/title", "blank")),
            ({"title": 5}, ("/title", "invalid")),
            ({"title": "a\nb"}, ("/title", "control_characters")),
            ({"title": "x" * 301}, ("/title", "max_length")),
            ({"authors": []}, ("/authors", "min_length")),
            ({"authors": [""]}, ("/authors/0", "blank")),
            ({"authors": "Machado"}, ("/authors", "not_a_list")),
            ({"authors": ["A"] * 21}, ("/authors", "max_length")),
            ({"isbns": ["9780439023482"]}, ("/isbns/0", "invalid_isbn")),
            ({"published_year": 0}, ("/published_year", "no_year_zero")),
            ({"published_year": -3001}, ("/published_year", "min_value")),
            ({"published_year": 9998}, ("/published_year", "max_value")),
            ({"published_year": "1899"}, ("/published_year", "invalid")),
            ({"page_count": 0}, ("/page_count", "min_value")),
            ({"page_count": 10**9}, ("/page_count", "max_value")),
            ({"cover_url": "javascript:alert(1)"}, ("/cover_url", "invalid_format")),
            ({"cover_url": "ftp://x.example/"}, ("/cover_url", "invalid_format")),
            ({"language": "português"}, ("/language", "invalid_format")),
            ({"rating_count": 999}, ("/rating_count", "read_only")),
            ({"added_by": None}, ("/added_by", "read_only")),
            ({"openlibrary_id": "OL1M"}, ("/openlibrary_id", "read_only")),
            ({"shelf": 1}, ("/shelf", "unknown_field")),
            ({"confirm_distinct": "yes"}, ("/confirm_distinct", "invalid")),
        ],
    )
    def test_each_fault_is_pointed_at(
        self, api: Any, changes: dict[str, Any], fault: tuple[str, str]
    ) -> None:
        answer = api(UserFactory()).post("books/", BY_HAND | changes)
        assert faults(answer) == {fault}
        assert not Book.objects.exists()

    def test_books_of_antiquity_have_negative_years(self, api: Any) -> None:
        body = {"title": "Politeia", "authors": ["Plato"], "published_year": -380}
        assert api(UserFactory()).post("books/", body).json()["published_year"] == -380

    def test_the_same_key_adds_once(self, api: Any) -> None:
        client, headers = api(UserFactory()), {"Idempotency-Key": "once"}
        first = client.post("books/", BY_HAND, headers=headers)
        again = client.post("books/", BY_HAND, headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        assert Book.objects.count() == 1


class TestEditing:
    def test_only_what_is_sent_is_written(self, api: Any) -> None:
        ana = UserFactory()
        book = BookFactory(title="Old", authors=["A"], published_year=1900, added_by=ana)
        answer = api(ana).patch(
            f"books/{book.pk}/",
            {"title": "New", "published_year": None},
            content_type="application/merge-patch+json",
        )
        assert answer.status_code == 200, answer.content
        data = answer.json()
        assert (data["title"], data["published_year"]) == ("New", None)
        assert [author["name"] for author in data["authors"]] == ["A"]
        assert answer["ETag"].startswith('"2.')

    def test_what_changes_nothing_counts_no_version(self, api: Any) -> None:
        ana = UserFactory()
        book = BookFactory(title="Old", added_by=ana)
        for body in ({}, {"title": "Old"}):
            answer = api(ana).patch(f"books/{book.pk}/", body)
            assert answer.status_code == 200
            assert answer["ETag"].startswith('"1.')

    def test_an_edit_meanwhile_is_noticed(self, api: Any) -> None:
        ana = UserFactory()
        book = BookFactory(added_by=ana)
        tag = api(ana).get(f"books/{book.pk}/")["ETag"]
        headers = {"If-Match": tag}
        record_ratings(book_id=book.pk, added=[9])  # no edit of the book
        address = f"books/{book.pk}/"
        assert api(ana).patch(address, {"title": "1"}, headers=headers).status_code == 200
        assert api(ana).patch(address, {"title": "2"}, headers=headers).status_code == 412

    def test_who_may(self, api: Any) -> None:
        ana, moderator = UserFactory(), UserFactory(roles=["moderator"])
        book = BookFactory(added_by=ana)
        address = f"books/{book.pk}/"

        def answer(reader: Any) -> tuple[int, str | None]:
            answer = api(reader).patch(address, {"page_count": 1})
            return answer.status_code, answer.json().get("code")

        assert answer(None)[0] == 401
        assert answer(UserFactory()) == (403, "not_your_book")
        assert answer(ana)[0] == answer(moderator)[0] == 200
        mark_shared(book_id=book.pk, by=UserFactory())
        assert answer(ana) == answer(UserFactory()) == (403, "book_is_shared")
        assert answer(moderator)[0] == 200

    def test_the_role_is_looked_at_before_the_body(self, api: Any) -> None:
        book = BookFactory()
        assert api(UserFactory()).patch(f"books/{book.pk}/", {"x": 1}).status_code == 403
        assert api(UserFactory()).patch("books/999999/", {"x": 1}).status_code == 404

    def test_faults_are_pointed_at(self, api: Any) -> None:
        ana = UserFactory()
        book = BookFactory(added_by=ana)
        answer = api(ana).patch(f"books/{book.pk}/", {"id": 7, "confirm_distinct": True})
        assert faults(answer) == {("/id", "read_only"), ("/confirm_distinct", "unknown_field")}

    def test_an_isbn_of_another_book_is_409(self, api: Any) -> None:
        ana = UserFactory()
        first, book = BookFactory(isbns=[DOM_CASMURRO]), BookFactory(added_by=ana)
        answer = api(ana).patch(f"books/{book.pk}/", {"isbns": [DOM_CASMURRO]})
        assert answer.status_code == 409
        assert answer.json()["existing"]["id"] == first.pk


class TestLookup:
    def test_a_book_that_is_here(self, api: Any) -> None:
        book = BookFactory(isbns=[HUNGER_GAMES])
        answer = api(UserFactory()).post("books/lookup/", {"isbn": "0-439-02348-3"})
        assert (answer.status_code, answer.json()["id"]) == (200, book.pk)

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
    def test_a_book_that_is_fetched(
        self, api: Any, library: OpenLibrary, headers: dict[str, str]
    ) -> None:
        library.knows()
        client = api(UserFactory(username="ana"))
        answer = client.post("books/lookup/", {"isbn": HUNGER_GAMES}, headers=headers)
        assert answer.status_code == 201, answer.content
        data = answer.json()
        assert (data["title"], data["added_by"]["username"]) == ("The Hunger Games", "ana")
        assert api().get(answer["Location"]).json() == data

    def test_a_book_that_nobody_knows(self, api: Any, library: OpenLibrary) -> None:
        answer = api(UserFactory()).post("books/lookup/", {"isbn": HUNGER_GAMES})
        assert (answer.status_code, answer.json()["code"]) == (404, "book_not_found")
        assert "by hand" in answer.json()["detail"]

    def test_an_outage_never_blocks_entering_by_hand(self, api: Any, library: OpenLibrary) -> None:
        library.status = 500
        client = api(UserFactory())
        answer = client.post("books/lookup/", {"isbn": HUNGER_GAMES})
        assert (answer.status_code, answer.json()["code"]) == (503, "lookup_unavailable")
        assert answer["Retry-After"] == "60"
        assert "by hand" in answer.json()["detail"]
        body = BY_HAND | {"isbns": [HUNGER_GAMES]}
        assert client.post("books/", body).status_code == 201

    def test_no_isbn(self, api: Any) -> None:
        answer = api(UserFactory()).post("books/lookup/", {"isbn": "9780439023482"})
        assert faults(answer) == {("/isbn", "invalid_isbn")}
