"""Ratings: rows are gathered in a table of the connection, then become reviews book by book.

First the whole file is read, then something is written. So of many rows of one reader and book
only the last is ever seen by anybody, and a run that is repeated finds its own work and changes
nothing, whether the first one ended or was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from accounts import imported
from bookbridge.importing import repairs as repair
from bookbridge.importing import staging
from bookbridge.importing.layouts import BOOK_NAMES, Cells, Layout
from bookbridge.importing.reading import Row, Table, Unreadable
from bookbridge.importing.repairs import Refused
from bookbridge.importing.report import IMPORTED, MERGED, REPAIRED, Report
from clubs.books.bulk import ID_COLUMNS
from clubs.models import Book, BookSource, Isbn
from reviews.bulk import Published, count_from, publish_from

READ_AT_ONCE = 10_000
READERS_AT_ONCE = 5_000
#: About so many ratings in one transaction: their books wait for less than two seconds.
WRITTEN_AT_ONCE = 10_000
LONGEST_KEY = 200

Progress = Callable[[int], object]


@dataclass
class Said:
    """One rating as the file has it."""

    line: int
    reader: str
    book: str
    half_stars: int
    when: datetime | None
    cells: list[str]


class Ratings:
    """The ratings of one file."""

    def __init__(self, table: Table, layout: Layout, report: Report) -> None:
        self.table, self.layout, self.report = table, layout, report
        self.cells = Cells(layout, table.header)
        self.book_field = next((name for name in BOOK_NAMES if name in layout.columns), "")
        if not self.book_field or not {"reader", "rating"} <= set(layout.columns):
            raise Unreadable(
                "Ratings need columns for `reader`, `rating` and one of: " + ", ".join(BOOK_NAMES)
            )
        if not imported.SOURCE.fullmatch(layout.source):
            raise Unreadable(
                "Say what the data set is called with --source: 2 to 16 small letters and digits."
            )
        #: What is known so far: keys of books, and numbers or refusals of readers.
        self.books: dict[str, int | None] = {}
        self.isbns: dict[str, tuple[str, list[str]]] = {}
        self.readers: dict[str, int | str] = {}
        self.names: list[str] = []
        self.repaired: list[int] = []
        self.staged = 0

    def gather(self, progress: Progress | None = None) -> None:
        """Read the whole file into the table."""
        staging.begin()
        rows = self.table.rows(progress)
        while chunk := list(islice(rows, READ_AT_ONCE)):
            self._gather(chunk)

    def settle(self) -> int:
        """Keep one row for each reader and book; gives how many there are."""
        self._write_known_readers()
        kept = staging.settle()
        for line, kept_line, half_stars in staging.overruled():
            detail = f"line {kept_line} says {half_stars / 2}"
            self.report.note(MERGED, line, "later_row_wins", detail)
        return kept

    def publish(self, *, dry_run: bool, progress: Progress | None = None) -> Published:
        """Make reviews of what was gathered, and count what became of the rows."""
        repaired = staging.new_among(self.repaired)
        if dry_run:
            published = count_from(staging.FINAL)
        else:
            added = changed = 0
            for first, last, number in staging.ranges(WRITTEN_AT_ONCE):
                one = publish_from(staging.FINAL, first_book=first, last_book=last)
                added, changed = added + one.added, changed + one.changed
                if progress is not None:
                    progress(number)
            published = Published(added, changed)
        self.report.count(REPAIRED, repaired)
        self.report.count(IMPORTED, published.added - repaired)
        self.report.count(MERGED, self.staged - published.added)
        staging.drop()
        return published

    def create_readers(self, progress: Progress | None = None) -> None:
        """Create the readers that are new, before their ratings; those known are found."""
        names = self.names
        for start in range(0, len(names), READERS_AT_ONCE):
            part = names[start : start + READERS_AT_ONCE]
            imported.find_or_create(part, source=self.layout.source)
            if progress is not None:
                progress(len(part))

    def _write_known_readers(self) -> None:
        for start in range(0, len(self.names), READERS_AT_ONCE):
            part = self.names[start : start + READERS_AT_ONCE]
            known = imported.find(part)
            staging.add_readers(
                [(number, known[name]) for number, name in enumerate(part, start) if name in known]
            )

    # -- reading ----------------------------------------------------------------------------

    def _gather(self, rows: Sequence[Row]) -> None:
        said = list(self._understood(rows))
        self._find_books({one.book for one in said} - self.books.keys())
        self._find_readers({one.reader for one in said} - self.readers.keys())
        staged: list[staging.Staged] = []
        for one in said:
            book, reader = self.books[one.book], self.readers[one.reader]
            if book is None:
                self.report.refuse(one.line, "unknown_book", one.book, one.cells)
            elif isinstance(reader, str):
                if reader:
                    self.report.refuse(one.line, reader, "", one.cells)
                    continue
                self.readers[one.reader] = number = len(self.names)
                self.names.append(imported.username_for(self.layout.source, one.reader))
                staged.append((one.line, number, book, one.half_stars, one.when))
            else:
                staged.append((one.line, reader, book, one.half_stars, one.when))
        staging.add(staged)
        self.staged += len(staged)

    def _understood(self, rows: Sequence[Row]) -> Iterator[Said]:
        for row in rows:
            self.report.rows += 1
            repairs: list[str] = []
            try:
                said = self.cells.of(row, repairs)
                reader = repair.number(said["reader"])
                if not reader or len(reader) > LONGEST_KEY:
                    raise Refused("no_reader")
                one = Said(
                    row.line,
                    reader,
                    self._book(said[self.book_field], repairs),
                    repair.half_stars(said["rating"], self.layout.scale),
                    repair.moment(said.get("date", "")),
                    row.cells,
                )
            except Refused as refusal:
                self.report.refuse(row.line, refusal.reason, refusal.detail, row.cells)
                continue
            if repairs:
                self.repaired.append(row.line)
                self.report.note(
                    REPAIRED, row.line, ", ".join(dict.fromkeys(repairs)), one.book, row.cells
                )
            yield one

    def _book(self, value: str, repairs: list[str]) -> str:
        """By what the book of a row is found."""
        if self.book_field != "isbn":
            return repair.number(value)
        if value not in self.isbns:
            done: list[str] = []
            found = repair.isbns(value, "", done)
            if not found:
                raise Refused("no_isbn")
            self.isbns[value] = (found[0], done)
        number, done = self.isbns[value]
        repairs += done
        return number

    def _find_books(self, wanted: set[str]) -> None:
        self.books.update(dict.fromkeys(wanted))
        if not wanted:
            return
        rows: Any
        if self.book_field == "isbn":
            rows = Isbn.objects.filter(isbn13__in=wanted).values_list("isbn13", "book_id")
        elif self.book_field == "book":
            known = BookSource.objects.filter(source=self.layout.source, key__in=wanted)
            rows = known.values_list("key", "book_id")
        else:
            column = self.book_field
            books = Book.objects.filter(**{f"{column}__in": wanted - {""}}).exclude(**{column: ""})
            rows = list(books.order_by("-pk").values_list(column, "pk"))
            source = next(name for name, of in ID_COLUMNS.items() if of == column)
            others = BookSource.objects.filter(source=source, key__in=wanted)
            rows += list(others.values_list("key", "book_id"))
        self.books.update(rows)

    def _find_readers(self, wanted: set[str]) -> None:
        """Note for each new reader why they are refused, or nothing."""
        names = {imported.username_for(self.layout.source, key): key for key in wanted}
        self.readers.update(dict.fromkeys(wanted, ""))
        for name, reason in imported.refusals(names).items():
            self.readers[names[name]] = reason
