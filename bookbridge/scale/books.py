"""The catalogue of an invented platform."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from tqdm import tqdm

from bookbridge.kernel.text import searchable
from bookbridge.scale.bulk import BATCH, DAY, Table, insert, moment
from bookbridge.scale.words import person, title
from clubs.books import vocabulary
from clubs.books.authors import name_key, work_key
from clubs.books.indexing import search_text
from clubs.models import Author, Authorship, Book, Isbn

AUTHORS_IN_100_BOOKS = 45
#: A larger catalogue than that has rare words too: every author a family name of their own kind,
#: every third title a word that few others have.
LARGE = 100_000
SUBTITLES = ("A Novel", "Stories", "Poems", "An Inquiry", "A Memoir", "Letters")
LANGUAGES = ("en", "en", "en", "pt-br", "es", "fr")
#: No publisher has numbers of this group.
ISBN_GROUP = "97899"
FTS_COLUMNS = ("rowid", "title", "authors", "rest")


@dataclass(frozen=True)
class Shelf:
    """All books, the most read first."""

    first_key: int
    number: int

    def key(self, place: int) -> int:
        """The key of a book."""
        return self.first_key + place


class _Authors:
    """Names that were given out, and their keys."""

    def __init__(self, number: int, chance: random.Random, *, coined: bool) -> None:
        self.table = Table(Author, "id", "name", "name_key")
        known = dict(Author.objects.values_list("name_key", "pk"))
        self.people: list[tuple[int, str]] = []
        while len(self.people) < number:
            given, family = person(chance, coined=coined)
            name = f"{given} {chr(65 + chance.randrange(26))}. {family}"
            key = name_key(name)
            if key in known:
                continue
            known[key] = self.table.key()
            self.table.add(known[key], name, key)
            self.people.append((known[key], name))
        self.table.close()


def load_books(number: int, *, now: int, chance: random.Random, off: bool | None = True) -> Shelf:
    """Write so many books with authors, ISBNs and what searches find them by.

    Arguments:
        off: whether no progress is shown; None: where nobody watches.
    """
    large = number > LARGE
    people = max(number * AUTHORS_IN_100_BOOKS // 100, 5)
    authors = _Authors(people, chance, coined=large).people
    books = Table(
        Book, "id", "title", "subtitle", "published_year", "language", "page_count", "shared_at",
        "work_key", "search_text", "created_at", "updated_at",
    )  # fmt: skip
    authorships = Table(Authorship, "id", "book_id", "author_id", "position")
    isbns = Table(Isbn, "id", "book_id", "isbn13")
    taken = set(Isbn.objects.filter(isbn13__startswith=ISBN_GROUP).values_list("isbn13", flat=True))
    numbers = _isbns(taken)
    known: set[str] = set()
    index: list[tuple[int, str, str, str]] = []
    for place in tqdm(range(number), desc="Books", disable=off, leave=False):
        wrote = chance.sample(authors, 2 if chance.random() < 0.12 else 1)
        names = [name for _key, name in wrote]
        called = title(chance, coined=large and place % 3 == 0)
        if work_key(called, names[0]) in known:
            called = f"{called}, Volume {place}"
        known.add(work_key(called, names[0]))
        subtitle = chance.choice(SUBTITLES) if chance.random() < 0.3 else ""
        since = moment(now - int((1_420 + chance.random() * 300) * DAY))
        key = books.key()
        books.add(
            key,
            called,
            subtitle,
            min(2024, int(chance.triangular(1850, 2025, 2012))),
            chance.choice(LANGUAGES),
            int(chance.triangular(60, 900, 280)),
            since,
            work_key(called, names[0]),
            search_text(called, subtitle, names),
            since,
            since,
        )
        for position, (author, _name) in enumerate(wrote):
            authorships.add(authorships.key(), key, author, position)
        for _edition in range(chance.choice((0, 1, 1, 1, 2))):
            isbns.add(isbns.key(), key, next(numbers))
        if connection.vendor == "sqlite":
            index.append((key, searchable(called), searchable(*names), searchable(subtitle)))
            if len(index) >= BATCH:
                insert("clubs_book_fts", FTS_COLUMNS, index)
                index.clear()
    for table in (books, authorships, isbns):
        table.close()
    if index:
        insert("clubs_book_fts", FTS_COLUMNS, index)
    vocabulary.learn_all()
    return Shelf(books.first, number)


def _isbns(taken: set[str]) -> Iterator[str]:
    """ISBN-13s of the group that no book has."""
    for number in range(10_000_000):
        digits = f"{ISBN_GROUP}{number:07}"
        total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
        isbn = f"{digits}{-total % 10}"
        if isbn not in taken:
            yield isbn
