"""Catalogues: every defect has its answer, and a second run changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from bookbridge.importing import books as importing
from bookbridge.importing.tests.conftest import BOOKCROSSING, GOODBOOKS
from clubs.books.indexing import unindexed_books
from clubs.books.search import search_books
from clubs.books.tests.factories import BookFactory
from clubs.models import Author, Book, BookSource, Isbn

pytestmark = pytest.mark.django_db

ROWS = """\
1,100,306406152,9.78030640615e+12,"Suzanne Collins, Karen  Berger",2008.0,"Games (Games, #1)",eng,https://images.example.org/1.jpg
2,200,,,Homer,-720.0,The Iliad,en-US,https://s.gr-assets.com/assets/nophoto/book/1.jpg
3,300,,,Ana,2999.0,Tomorrow,,
4,400,306406153,,Ana,2001.0,Wrong,,
5,500,,,,2001.0,Nobody's,,
6,600,,,Ana,2001.0,,,
7,700,,,Homer,1999.0,The Iliad,ara,
8,800,,,too,many,cells,here,,,,,x
"""


def state() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values()) for model in (Book, Author, Isbn, BookSource)
    ]


def test_goodbooks(importer: Any) -> None:
    assert importer("import_books", GOODBOOKS + ROWS, packed=True) == (1, 0, 2, 5)
    assert importer.reasons("refused") == [
        (4, "year_in_future"),
        (5, "invalid_isbn"),
        (6, "no_author"),
        (7, "no_title"),
        (9, "wrong_columns"),
    ]
    games = Book.objects.get(goodreads_id="100")
    assert (games.title, games.published_year, games.language) == ("Games (Games, #1)", 2008, "en")
    assert [a.author.name for a in games.authorships.order_by("position")] == [
        "Suzanne Collins",
        "Karen Berger",
    ]
    assert [isbn.isbn13 for isbn in games.isbns.all()] == ["9780306406157"]
    assert games.cover_url == "https://images.example.org/1.jpg"
    iliad = Book.objects.get(goodreads_id="200")
    assert (iliad.published_year, iliad.language, iliad.cover_url) == (-720, "en-us", "")
    # The same title and author under another number of the data set is another work.
    assert Book.objects.get(goodreads_id="700").pk != iliad.pk
    assert unindexed_books() == 0
    assert list(search_books(Book.objects.all(), "suzanne")) == [games]

    before = state()
    assert importer("import_books", GOODBOOKS + ROWS) == (0, 3, 0, 5)
    assert state() == before


def test_books_of_the_catalogue_are_found_and_only_filled(importer: Any) -> None:
    by_isbn = BookFactory(title="Mine", authors=["Me"], isbns=["9780306406157"], language="pt")
    by_work = BookFactory(title="The Kitchen", authors=["Amy Tan"])
    text = BOOKCROSSING + (
        "0306406152,Theirs,They,1999,House\n"
        "0399135782,The KITCHEN!,AMY TAN,1991,Putnam\n"
        "0374157065,New,Gina,0,Farrar\n"
        "0002005018,New,Gina,2001,Farrar\n"
    )
    assert importer("import_books", text) == (0, 3, 1, 0)
    by_isbn.refresh_from_db()
    assert (by_isbn.title, by_isbn.language, by_isbn.published_year) == ("Mine", "pt", 1999)
    assert by_work.isbns.get().isbn13 == "9780399135781"
    new = Book.objects.get(title="New")
    assert new.isbns.count() == 2
    assert new.published_year == 2001
    before = state()
    assert importer("import_books", text) == (0, 4, 0, 0)
    assert state() == before


def test_a_dry_run_says_the_same_and_writes_nothing(importer: Any) -> None:
    assert importer("import_books", GOODBOOKS + ROWS, "--dry-run") == (1, 0, 2, 5)
    assert not Book.objects.exists()
    assert not Author.objects.exists()
    assert unindexed_books() == 0


def test_an_interrupted_run_is_continued(importer: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    bring, calls = importing.bring, []

    def fail(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        bring(*args)

    monkeypatch.setattr(importing, "bring", fail)
    with pytest.raises(KeyboardInterrupt):
        importer("import_books", GOODBOOKS + ROWS)
    assert Book.objects.count() == 1
    assert importer("import_books", GOODBOOKS + ROWS) == (1, 1, 1, 5)
    assert Book.objects.count() == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_delimiters_and_encodings_are_found_out(
    importer: Any, delimiter: str, encoding: str
) -> None:
    header = delimiter.join(["ISBN", "Book-Title", "Book-Author", "Year-Of-Publication"])
    row = delimiter.join(["0306406152", "Cien años", "García", "1967"])
    assert importer("import_books", f"{header}\r\n{row}\r\n".encode(encoding)) == (1, 0, 0, 0)
    assert Book.objects.get().title == "Cien años"


def test_the_original_form_of_book_crossing(importer: Any) -> None:
    text = (
        '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\r\n'
        '"0306406152";"\\"O\\" Is; for &amp; Outlaw";"Sue";"2001";"Henry"\r\n'
    )
    assert importer("import_books", text) == (0, 0, 1, 0)
    assert Book.objects.get().title == '"O" Is; for & Outlaw'


def test_columns_that_entities_broke_are_joined(importer: Any) -> None:
    header = "Book_ID\tISBN\tBook-Title\tBook-Author\tYear-Of-Publication\tPublisher\tImage\n"
    text = header + (
        "1\t0306406152\tMummies\tBarber\t1999\tNorton &amp\t Company\thttp://i/1.jpg\t\n"
        "2\t0399135782\tGuns &amp\t Roses\tAxl\t1991\tPutnam\thttp://i/2.jpg\t\n"
        "3\t0374157065\tPlain\tGina\t1999\tFarrar\thttp://i/3.jpg\t\n"
        "4\t0002005018\tPlain\tGina\tBruce\tWright\t1999\tFarrar\thttp://i/3.jpg\t\n"
    )
    assert importer("import_books", text) == (1, 0, 2, 1)
    titles = set(Book.objects.values_list("title", flat=True))
    assert titles == {"Mummies", "Guns & Roses", "Plain"}


def test_columns_can_be_named(importer: Any) -> None:
    text = "Nome|x\n"
    with pytest.raises(CommandError):
        importer("import_books", text)
    text = "Titel,Autor,Jahr\nDer Prozess,Franz Kafka,1925\n"
    options = ("--map", "title=Titel,author=Autor", "--map", "year=Jahr")
    assert importer("import_books", text, *options) == (1, 0, 0, 0)
    assert importer("import_books", text, *options) == (0, 1, 0, 0)
    for wrong in ("title", "colour=Titel", "title=Nothing"):
        with pytest.raises(CommandError):
            importer("import_books", text, "--map", wrong)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x1f\x8b broken", b"a,b\n1,2\n"])
def test_what_cannot_be_read_is_an_error(importer: Any, content: bytes) -> None:
    with pytest.raises(CommandError):
        importer("import_books", content)
    with pytest.raises(CommandError):
        importer("import_books", b"a\n", "--encoding", "no-such")
