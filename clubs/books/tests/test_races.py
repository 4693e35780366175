"""Many at once, with real threads and connections."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError, Stale
from clubs.books.models import Author, Book
from clubs.books.services import add_book, edit_book, record_ratings
from clubs.books.tests.factories import BookFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

CROWD = 20
ISBN = "9780850515039"


def all_at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each of the crowd got: a result, or the code of a refusal."""
    start = threading.Barrier(CROWD)

    def one(number: int) -> Any:
        try:
            start.wait()
            return act(number)
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(CROWD) as crowd:
        return list(crowd.map(one, range(CROWD)))


def test_one_isbn_becomes_one_book() -> None:
    def add(number: int) -> str:
        add_book(by=None, title=f"Title {number}", authors=[f"A {number}"], isbns=[ISBN])
        return "added"

    assert Counter(all_at_once(add)) == {"added": 1, "isbn_taken": CROWD - 1}
    assert Book.objects.count() == 1
    assert Author.objects.count() == 1


def test_the_refusal_names_the_book_that_was_first() -> None:
    def add(number: int) -> Any:
        try:
            return add_book(by=None, title=f"T {number}", authors=["A"], isbns=[ISBN]).pk
        except DomainError as error:
            return error.extra["existing"]["id"]

    assert set(all_at_once(add)) == {Book.objects.get().pk}


def test_one_work_by_hand_becomes_one_book() -> None:
    def add(number: int) -> str:
        add_book(by=None, title="Dom Casmurro", authors=["Machado de Assis"])
        return "added"

    assert Counter(all_at_once(add)) == {"added": 1, "possible_duplicate": CROWD - 1}


def test_new_authors_are_created_once_in_whatever_order_they_are_named() -> None:
    names = [f"Author {number}" for number in range(6)]

    def add(number: int) -> str:
        turned = names[number % 6 :] + names[: number % 6]
        add_book(by=None, title=f"Title {number}", authors=turned)
        return "added"

    assert Counter(all_at_once(add)) == {"added": CROWD}
    assert Author.objects.count() == 6


def test_isbns_swapped_at_once_stay_with_one_book_each() -> None:
    ana = UserFactory()
    books = [BookFactory(added_by=ana) for _number in range(CROWD)]

    def edit(number: int) -> str:
        isbns = [ISBN, "9780439023481"]
        isbns = isbns if number % 2 else isbns[::-1]
        edit_book(book_id=books[number].pk, by=ana, changes={"isbns": isbns})
        return "edited"

    assert Counter(all_at_once(edit)) == {"edited": 1, "isbn_taken": CROWD - 1}


def test_of_edits_of_one_version_one_is_kept() -> None:
    ana = UserFactory()
    book = BookFactory(added_by=ana)

    def edit(number: int) -> str:
        changes = {"title": f"Title {number}"}
        edit_book(book_id=book.pk, by=ana, changes=changes, expected=frozenset({1}))
        return "edited"

    assert Counter(all_at_once(edit)) == {"edited": 1, Stale.default_code: CROWD - 1}


def test_no_rating_is_lost() -> None:
    book = BookFactory()
    all_at_once(lambda number: record_ratings(book_id=book.pk, added=[number % 10 + 1]))
    book.refresh_from_db()
    assert (book.rating_count, book.rating_sum) == (CROWD, 110)
    assert {book.stars_05, book.stars_30, book.stars_50} == {2}
