"""Checks on the curated demo books: a data file must not carry wrong facts silently."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from stdnum import isbn

BOOKS_FILE = Path(__file__).resolve().parent.parent / "demo" / "books.json"
REQUIRED = {"title", "authors", "published_year", "language", "description"}
OPTIONAL = {"subtitle", "page_count", "isbns", "openlibrary_id", "goodreads_id"}

Book = dict[str, Any]


def fold(text: str) -> str:
    """Lower-case text without accents and surplus white space, for comparisons."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return " ".join(plain.split())


@pytest.fixture(scope="module")
def books() -> list[Book]:
    """The demo books as they are in the file."""
    loaded: list[Book] = json.loads(BOOKS_FILE.read_text(encoding="utf-8"))
    return loaded


def test_there_are_enough_books_in_enough_languages(books: list[Book]) -> None:
    languages = Counter(book["language"] for book in books)
    assert len(books) >= 150
    assert languages["pt-br"] >= 40
    assert len(languages) >= 8
    assert all(re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", tag) for tag in languages)


def test_every_book_has_its_fields(books: list[Book]) -> None:
    for book in books:
        keys = set(book)
        assert keys >= REQUIRED, book
        assert keys <= REQUIRED | OPTIONAL, book
        assert book["title"].strip() == book["title"] != "", book
        assert book["description"].strip() == book["description"] != "", book
        assert book["authors"], book
        assert all(author.strip() == author != "" for author in book["authors"]), book
        for key in ("subtitle", "openlibrary_id", "goodreads_id"):
            assert isinstance(book.get(key, "x"), str), book
            assert book.get(key, "x"), book


def test_years_and_page_counts_are_plausible(books: list[Book]) -> None:
    for book in books:
        year = book["published_year"]
        assert isinstance(year, int), book
        assert -2500 <= year <= 2026, book
        assert year != 0, book
        assert 1 <= book.get("page_count", 1) <= 3000, book


def test_isbns_are_valid_and_used_once(books: list[Book]) -> None:
    numbers = [number for book in books for number in book.get("isbns", [])]
    for number in numbers:
        assert re.fullmatch(r"\d{13}", number), number
        assert isbn.is_valid(number), number
    assert [number for number, count in Counter(numbers).items() if count > 1] == []
    assert len(numbers) > 80


def test_title_and_first_author_are_unique(books: list[Book]) -> None:
    keys = Counter((fold(book["title"]), fold(book["authors"][0])) for book in books)
    assert [key for key, count in keys.items() if count > 1] == []


def test_books_are_sorted_by_language_then_title(books: list[Book]) -> None:
    keys = [(book["language"], fold(book["title"]), fold(book["authors"][0])) for book in books]
    assert keys == sorted(keys)


def test_dom_casmurro_has_an_isbn(books: list[Book]) -> None:
    found = [book for book in books if book["title"] == "Dom Casmurro"]
    assert len(found) == 1
    assert found[0]["authors"] == ["Machado de Assis"]
    assert found[0]["published_year"] == 1899
    assert found[0].get("isbns")
