"""Dumps of Open Library: authors, works and editions in any order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError

from clubs.books.tests.factories import BookFactory
from clubs.models import Author, Book

pytestmark = pytest.mark.django_db


def line(kind: str, key: str, **record: Any) -> str:
    said = json.dumps({"key": key, **record})
    return f"/type/{kind}\t{key}\t1\t2013-03-20T10:39:35.017753\t{said}\n"


ANA = line("author", "/authors/OL1A", name="Ana")
BEA = line("author", "/authors/OL2A", name="Bea \u00c3\u00a9")
NAMELESS = line("author", "/authors/OL3A")
WORK = line(
    "work",
    "/works/OL1W",
    title="The Castle",
    first_publish_date="around 1930",
    description={"type": "/type/text", "value": "Long ago."},
    authors=[{"author": {"key": "/authors/OL2A"}}, {"author": "/authors/OL1A"}],
)
LOST = line("work", "/works/OL2W", title="Lost", authors=[{"author": {"key": "/authors/OL9A"}}])
ALONE = line("work", "/works/OL3W", title="By nobody")
EDITION = line(
    "edition",
    "/books/OL1M",
    title="The Castle, again",
    works=[{"key": "/works/OL1W"}],
    isbn_10=["0306406152", "0306406153"],
    number_of_pages=306,
    languages=[{"key": "/languages/fre"}],
)
FOREIGN = line("edition", "/books/OL2M", title="Where", works=[{"key": "/works/OL8W"}])
OWN = line(
    "edition", "/books/OL3M", title="Own", authors=[{"key": "/authors/OL1A"}], publish_date="1999"
)
REDIRECT = line("redirect", "/works/OL5W", location="/works/OL1W")
BROKEN = "/type/work\t/works/OL6W\t1\t2013\t{broken\nno dump at all\n"
ALL = [EDITION, FOREIGN, OWN, WORK, LOST, ALONE, REDIRECT, BROKEN, NAMELESS, BEA, ANA]


@pytest.mark.parametrize("order", [1, -1])
def test_everything_in_one_file_in_any_order(importer: Any, order: int) -> None:
    text = "".join(ALL[::order])
    assert importer("import_openlibrary", text) == (3, 1, 1, 7)
    castle = Book.objects.get(title="The Castle")
    assert [a.author.name for a in castle.authorships.order_by("position")] == ["Bea é", "Ana"]
    assert (castle.published_year, castle.page_count, castle.language) == (1930, 306, "fr")
    assert (castle.openlibrary_id, castle.description) == ("OL1W", "Long ago.")
    assert castle.isbns.get().isbn13 == "9780306406157"
    assert Book.objects.get(title="Own").published_year == 1999
    assert sorted(reason for _line, reason in importer.reasons("refused")) == [
        "invalid_json",
        "no_author",
        "no_name",
        "other_type",
        "unresolved_author",
        "unresolved_work",
        "wrong_columns",
    ]
    assert [reason for _line, reason in importer.reasons("merged")] == ["invalid_isbn_left_out"]
    before = list(Book.objects.order_by("pk").values())
    assert importer("import_openlibrary", text) == (0, 5, 0, 7)
    assert list(Book.objects.order_by("pk").values()) == before


def test_files_of_their_own(importer: Any) -> None:
    assert importer("import_openlibrary", EDITION) == (0, 0, 0, 1)
    assert importer("import_openlibrary", WORK) == (0, 0, 0, 1)
    assert importer("import_openlibrary", ANA + BEA, packed=True) == (1, 0, 1, 0)
    assert importer("import_openlibrary", WORK) == (1, 0, 0, 0)
    assert importer("import_openlibrary", EDITION) == (0, 1, 0, 0)
    assert Book.objects.get().isbns.count() == 1


def test_a_book_of_the_catalogue_is_found_again(importer: Any) -> None:
    book = BookFactory(title="Own", authors=["Ana"], openlibrary_id="OL3M", language="en")
    assert importer("import_openlibrary", ANA + OWN) == (0, 2, 0, 0)
    book.refresh_from_db()
    assert (book.published_year, book.language) == (1999, "en")


def test_a_dry_run_writes_nothing(importer: Any) -> None:
    assert importer("import_openlibrary", "".join(ALL), "--dry-run") == (3, 1, 1, 7)
    assert not Book.objects.exists()
    assert not Author.objects.exists()


def test_what_is_no_dump_is_an_error(importer: Any) -> None:
    with pytest.raises(CommandError):
        importer("import_openlibrary", "title,author\nOne,Ana\n")
