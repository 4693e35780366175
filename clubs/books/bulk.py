"""Many books at once, for imports: found again where they are known, added where not.

The same rules as for one book (`services.py`), with a fixed number of statements for any number of
books. What is known of a book stays as it is; only what was empty is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import transactional
from clubs.books import vocabulary
from clubs.books.authors import distinct_names, find_or_create, name_key, work_key
from clubs.books.indexing import search_text
from clubs.books.models import Author, Authorship, Book, BookSource, Isbn

#: Columns that hold the number of a book elsewhere, and the name of that elsewhere.
ID_COLUMNS = {"goodreads": "goodreads_id", "openlibrary": "openlibrary_id"}
#: What an import adds to a book that lacks it.
FILLED = (
    "published_year", "language", "page_count", "description", "cover_url",
    "goodreads_id", "openlibrary_id",
)  # fmt: skip

Key = tuple[str, str]


@dataclass
class Draft:
    """A book of a data set: `isbns` are thirteen digits, `keys` pairs of source and number.

    With `only_known` it is found or not, and never added.
    """

    title: str
    authors: list[str]
    isbns: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    only_known: list[Key] = field(default_factory=list)

    @property
    def work_key(self) -> str:
        """What makes it the same work as another."""
        return work_key(self.title, self.authors[0]) if self.authors else ""

    def all_keys(self) -> list[Key]:
        """Its numbers everywhere, those in columns included."""
        in_columns = [
            (source, self.fields[column])
            for source, column in ID_COLUMNS.items()
            if self.fields.get(column)
        ]
        return [*self.only_known, *in_columns, *self.keys]


@dataclass
class Outcome:
    """What became of a draft: `added`, `found`, `filled`, or `unknown`."""

    result: str
    note: str = ""


@dataclass(eq=False)
class _Entry:
    """A book at hand, with what is to be written of it."""

    book: Book
    keys: set[Key]
    new: bool = False
    authors: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)


@transactional
def add_many(drafts: Sequence[Draft]) -> list[Outcome]:
    """Find or add the books of `drafts`, one outcome for each, in their order.

    A book is the same by a number it has elsewhere, by an ISBN, or by title and first author
    unless the two have different numbers in the same place.
    """
    catalogue = _Catalogue(drafts)
    outcomes = [catalogue.take(draft) for draft in drafts]
    catalogue.write()
    if any(outcome.result in ("added", "filled") for outcome in outcomes):
        announce("book", by_id=None)
    return outcomes


class _Catalogue:
    """The part of the catalogue that a batch of drafts may be about."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.by_key: dict[Key, _Entry] = {}
        self.by_isbn: dict[str, _Entry] = {}
        self.by_work: dict[str, list[_Entry]] = {}
        self.touched: dict[int, _Entry] = {}
        self.added: list[_Entry] = []
        self.isbns: list[tuple[_Entry, str]] = []
        self.keys: list[tuple[_Entry, Key]] = []
        self.recorded: set[Key] = set()
        self._load(drafts)

    def _load(self, drafts: Sequence[Draft]) -> None:
        wanted: dict[str, set[str]] = {}
        for source, key in {key for draft in drafts for key in draft.all_keys()}:
            wanted.setdefault(source, set()).add(key)
        entries: dict[int, _Entry] = {}

        def keep(books: Iterable[Book]) -> None:
            for book in books:
                entries.setdefault(book.pk, _Entry(book, set()))

        owners = [
            row
            for source, keys in wanted.items()
            for row in BookSource.objects.filter(source=source, key__in=keys).values_list(
                "source", "key", "book_id"
            )
        ]
        numbers = {number for draft in drafts for number in draft.isbns}
        isbns = dict(Isbn.objects.filter(isbn13__in=numbers).values_list("isbn13", "book_id"))
        keep(Book.objects.filter(pk__in={owner for _s, _k, owner in owners} | {*isbns.values()}))
        for source, column in ID_COLUMNS.items():
            if wanted.get(source):
                # The second condition lets the partial index serve.
                known = Book.objects.filter(**{f"{column}__in": wanted[source]})
                keep(known.exclude(**{column: ""}))
        works = {draft.work_key for draft in drafts} - {""}
        keep(Book.objects.filter(work_key__in=works).order_by("pk"))
        rows = BookSource.objects.filter(book__in=list(entries))
        for source, key, book_id in rows.values_list("source", "key", "book_id"):
            entries[book_id].keys.add((source, key))
            self.recorded.add((source, key))
        for entry in sorted(entries.values(), key=lambda entry: entry.book.pk):
            for source, column in ID_COLUMNS.items():
                if value := getattr(entry.book, column):
                    entry.keys.add((source, value))
            for pair in entry.keys:
                self.by_key.setdefault(pair, entry)
            self.by_work.setdefault(entry.book.work_key, []).append(entry)
        self.by_isbn = {number: entries[book_id] for number, book_id in isbns.items()}

    # -- one draft --------------------------------------------------------------------------

    def take(self, draft: Draft) -> Outcome:
        """Find the book of a draft and fill it, or note that it is to be added."""
        entry = self._find(draft)
        if entry is None:
            if draft.only_known:
                return Outcome("unknown")
            self._add(draft)
            return Outcome("added")
        elsewhere = [n for n in draft.isbns if self.by_isbn.get(n, entry) is not entry]
        elsewhere += [key[1] for key in draft.keys if self.by_key.get(key, entry) is not entry]
        changed = self._hang_on(entry, draft) | self._fill(entry, draft)
        note = f"of another book: {', '.join(elsewhere)}" if elsewhere else ""
        return Outcome("filled" if changed else "found", note)

    def _find(self, draft: Draft) -> _Entry | None:
        if draft.only_known:
            return next((self.by_key[k] for k in draft.only_known if k in self.by_key), None)
        for key in draft.all_keys():
            if key in self.by_key:
                return self.by_key[key]
        for number in draft.isbns:
            if number in self.by_isbn:
                return self.by_isbn[number]
        for entry in self.by_work.get(draft.work_key, ()):
            if not _differ(entry.keys, draft.all_keys()):
                return entry
        return None

    def _add(self, draft: Draft) -> None:
        names = list(distinct_names(draft.authors).values())
        book = Book(title=draft.title, added_by=None, **draft.fields)
        book.work_key = draft.work_key
        book.search_text = search_text(book.title, book.subtitle, names)
        entry = _Entry(book, set(draft.all_keys()), new=True, authors=names)
        self.added.append(entry)
        for pair in draft.all_keys():
            self.by_key.setdefault(pair, entry)
        self.by_work.setdefault(book.work_key, []).append(entry)
        self._hang_on(entry, draft)

    def _hang_on(self, entry: _Entry, draft: Draft) -> bool:
        """Give a book the ISBNs and numbers of the draft that no book has yet."""
        before = len(self.isbns) + len(self.keys)
        for number in draft.isbns:
            if number not in self.by_isbn:
                self.by_isbn[number] = entry
                self.isbns.append((entry, number))
        for pair in draft.keys:
            if self.by_key.setdefault(pair, entry) is entry and pair not in self.recorded:
                self.keys.append((entry, pair))
                self.recorded.add(pair)
                entry.keys.add(pair)
        return len(self.isbns) + len(self.keys) > before

    def _fill(self, entry: _Entry, draft: Draft) -> bool:
        filled = False
        for name in FILLED:
            value = draft.fields.get(name)
            if value and not getattr(entry.book, name):
                setattr(entry.book, name, value)
                filled = True
                if not entry.new:
                    entry.changed.add(name)
                    self.touched[entry.book.pk] = entry
        return filled

    # -- writing ----------------------------------------------------------------------------

    def write(self) -> None:
        """Write everything noted; in the order of locks, authors before books."""
        names = [name for entry in self.added for name in entry.authors]
        authors = {author.name_key: author for author in find_or_create(names)} if names else {}
        books = [entry.book for entry in self.added]
        Book.objects.bulk_create(books)
        Authorship.objects.bulk_create(
            Authorship(book=entry.book, author=_author_of(authors, name), position=position)
            for entry in self.added
            for position, name in enumerate(entry.authors)
        )
        Isbn.objects.bulk_create(Isbn(book=e.book, isbn13=number) for e, number in self.isbns)
        BookSource.objects.bulk_create(
            BookSource(book=entry.book, source=source, key=key)
            for entry, (source, key) in self.keys
        )
        self._update()
        self._index()

    def _update(self) -> None:
        now = timezone.now()
        entries = [self.touched[key] for key in sorted(self.touched)]
        for entry in entries:
            entry.book.version += 1
            entry.book.updated_at = now
        names = sorted({name for entry in entries for name in entry.changed})
        if entries:
            Book.objects.bulk_update(
                [entry.book for entry in entries], [*names, "version", "updated_at"], 500
            )

    def _index(self) -> None:
        """What searches need besides `search_text`: words, and the rows in the table of SQLite."""
        vocabulary.learn(entry.book.search_text for entry in self.added)
        if connection.vendor != "sqlite" or not self.added:
            return
        rows: list[list[Any]] = []
        for entry in self.added:
            texts = (entry.book.title, " ".join(entry.authors), entry.book.subtitle)
            rows.append([entry.book.pk, *map(searchable, texts)])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO clubs_book_fts (rowid, title, authors, rest) VALUES (%s, %s, %s, %s)",
                rows,
            )


def _author_of(authors: dict[str, Author], name: str) -> Author:
    return authors[name_key(name)]


def _differ(one: Iterable[Key], other: Iterable[Key]) -> bool:
    """Whether two sets of numbers are of different books: another number in the same place."""
    here: dict[str, set[str]] = {}
    for source, key in one:
        here.setdefault(_place(source, key), set()).add(key)
    return any(
        key not in here.get(_place(source, key), {key})
        for source, key in other
        if _place(source, key)
    )


def _place(source: str, key: str) -> str:
    """Where a number is the only one of a work; a work has many editions in Open Library."""
    if source == "openlibrary":
        return "" if key.endswith("M") else "openlibrary works"
    return source
