"""Dumps of Open Library: authors, works and editions, in any order or in files of their own.

A line is a type, a key, a revision, a moment and JSON, separated by tabs. The file is read once for
each type that occurs, authors first, so that what names something finds it, without holding the
file in memory. What names something that is neither in the file nor known from an earlier one is
refused; importing the missing file and then this one again heals that.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from bookbridge.importing import repairs as repair
from bookbridge.importing.books import BATCH, Taken, batches, bring, undone
from bookbridge.importing.reading import Source, Unreadable
from bookbridge.importing.repairs import Refused
from bookbridge.importing.report import IMPORTED, MERGED, REPAIRED, Report
from clubs.books.bulk import Draft
from clubs.books.bulk_authors import AuthorDraft, add_authors, known_authors

SOURCE = "openlibrary"
TYPES = ("/type/author", "/type/work", "/type/edition")
_KEYS = {
    "/type/author": re.compile(r"/authors/(OL[0-9]{1,12}A)"),
    "/type/work": re.compile(r"/works/(OL[0-9]{1,12}W)"),
    "/type/edition": re.compile(r"/books/(OL[0-9]{1,12}M)"),
}
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)", re.ASCII)
_LANGUAGE = re.compile(r"/languages/([a-z]{3})")

Record = dict[str, Any]
Progress = Callable[[int], object]


@dataclass
class Line:
    """One record of a dump."""

    number: int
    type: str
    key: str
    record: Record


class Dump:
    """One file of records."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source, self.report = source, report
        self.types: Counter[str] = Counter()

    def look_through(self, progress: Progress | None = None) -> None:
        """Count the rows and types; refuse what is none of the three.

        Raises:
            Unreadable: no line has the form of a dump.
        """
        for number, cells in self._cells(progress):
            self.report.rows += 1
            if len(cells) != 5:
                self.report.refuse(number, "wrong_columns", f"{len(cells)} instead of 5")
            elif cells[0] not in TYPES:
                self.report.refuse(number, "other_type", cells[0], cells[:2])
            else:
                self.types[cells[0]] += 1
        if not self.types:
            raise Unreadable(f"{self.source.path}: no authors, works or editions of Open Library")

    def load(self, *, dry_run: bool = False, progress: Progress | None = None) -> None:
        """Bring in authors, then works, then editions."""
        with undone() if dry_run else nullcontext():
            if self.types["/type/author"]:
                for lines in _chunks(self._lines("/type/author", progress)):
                    self._authors(lines)
            for kind in ("/type/work", "/type/edition"):
                if self.types[kind]:
                    for batch in batches(self._drafts(kind, progress), BATCH):
                        bring(batch, self.report)

    # -- reading ----------------------------------------------------------------------------

    def _cells(self, progress: Progress | None) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(self.source.lines(progress), start=1):
            if line.strip():
                yield number, line.rstrip("\r\n").split("\t", 4)

    def _lines(self, kind: str, progress: Progress | None) -> Iterator[Line]:
        for number, cells in self._cells(progress):
            if len(cells) != 5 or cells[0] != kind:
                continue
            found = _KEYS[kind].fullmatch(cells[1])
            try:
                record = json.loads(cells[4])
            except (ValueError, RecursionError):
                record = None
            if found is None or not isinstance(record, dict):
                reason = "invalid_key" if found is None else "invalid_json"
                self.report.refuse(number, reason, cells[1], cells[:4])
            else:
                yield Line(number, kind, found[1], record)

    # -- authors ----------------------------------------------------------------------------

    def _authors(self, lines: Sequence[Line]) -> None:
        drafts, repaired = [], []
        for line in lines:
            repairs: list[str] = []
            try:
                name = repair.text(_text(line.record, "name"), repairs, longest=200, name="name")
                if not name:
                    raise Refused("no_name")
            except Refused as refusal:
                self.report.refuse(line.number, refusal.reason, refusal.detail, [line.key])
                continue
            drafts.append(AuthorDraft(name, (SOURCE, line.key)))
            repaired.append((line, repairs))
        for added, (line, repairs) in zip(add_authors(drafts), repaired, strict=True):
            outcome = REPAIRED if added and repairs else IMPORTED if added else MERGED
            self.report.count(outcome)
            if repairs:
                self.report.note(outcome, line.number, ", ".join(repairs), "", [line.key])

    # -- works and editions -----------------------------------------------------------------

    def _drafts(self, kind: str, progress: Progress | None) -> Iterator[Taken]:
        draft_of = _work if kind == "/type/work" else _edition
        for lines in _chunks(self._lines(kind, progress)):
            names = known_authors(SOURCE, {key for line in lines for key in _authors_of(line)})
            for line in lines:
                repairs: list[str] = []
                try:
                    draft = draft_of(line, names, repairs)
                except Refused as refusal:
                    self.report.refuse(line.number, refusal.reason, refusal.detail, [line.key])
                else:
                    yield Taken(line.number, draft, repairs, [line.key])


def _work(line: Line, names: dict[str, str], repairs: list[str]) -> Draft:
    title = repair.text(_text(line.record, "title"), repairs, longest=300, name="title")
    if not title:
        raise Refused("no_title")
    return Draft(
        title=title,
        authors=_named(line, names),
        keys=[(SOURCE, line.key)],
        fields={
            "subtitle": repair.text(
                _text(line.record, "subtitle"), repairs, longest=300, name="subtitle"
            ),
            "published_year": _year(_text(line.record, "first_publish_date")),
            "description": repair.long_text(_wrapped(line.record, "description"), repairs),
            "openlibrary_id": line.key,
        },
    )


def _edition(line: Line, names: dict[str, str], repairs: list[str]) -> Draft:
    """An edition adds its ISBNs to its work; without one it is a book of its own."""
    record = line.record
    works = [key for key in _references(record, "works", "/type/work") if key]
    fields: dict[str, Any] = {
        "page_count": _pages(record.get("number_of_pages")),
        "language": _language(record),
    }
    isbns = _isbns(record, repairs)
    if works:
        return Draft(
            title="",
            authors=[],
            isbns=isbns,
            keys=[(SOURCE, line.key)],
            fields=fields,
            only_known=[(SOURCE, key) for key in works],
        )
    title = repair.text(_text(record, "title"), repairs, longest=300, name="title")
    if not title:
        raise Refused("no_title")
    fields |= {
        "subtitle": repair.text(_text(record, "subtitle"), repairs, longest=300, name="subtitle"),
        "published_year": _year(_text(record, "publish_date")),
        "openlibrary_id": line.key,
    }
    return Draft(
        title=title,
        authors=_named(line, names),
        isbns=isbns,
        keys=[(SOURCE, line.key)],
        fields=fields,
    )


def _named(line: Line, names: dict[str, str]) -> list[str]:
    """The names of the authors, in their order.

    Raises:
        Refused: `no_author`, `unresolved_author`.
    """
    keys = _authors_of(line)
    unknown = [key for key in keys if key not in names]
    if unknown:
        raise Refused("unresolved_author", ", ".join(unknown))
    if not keys:
        raise Refused("no_author")
    return [names[key] for key in keys]


def _authors_of(line: Line) -> list[str]:
    return _references(line.record, "authors", "/type/author")


def _references(record: Record, name: str, kind: str) -> list[str]:
    """The keys that a list names, in any of the forms that dumps have had."""
    found = []
    values = record.get(name)
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and isinstance(value.get("author"), dict | str):
            value = value["author"]
        key = value.get("key") if isinstance(value, dict) else value
        match = _KEYS[kind].fullmatch(key) if isinstance(key, str) else None
        found.append(match[1] if match else str(key)[:40])
    return found


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _wrapped(record: Record, name: str) -> str:
    """A text that may be wrapped: `{"type": "/type/text", "value": ...}`."""
    value = record.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _year(value: str) -> int | None:
    found = _YEAR.search(value[:100])
    try:
        return repair.year(found[1], []) if found else None
    except Refused:
        return None


def _pages(value: Any) -> int | None:
    return repair.pages(str(value)) if isinstance(value, int | str) else None


def _language(record: Record) -> str:
    languages = record.get("languages")
    first = languages[0] if isinstance(languages, list) and languages else None
    key = first.get("key") if isinstance(first, dict) else first
    found = _LANGUAGE.fullmatch(key) if isinstance(key, str) else None
    return repair.language(found[1]) if found else ""


def _isbns(record: Record, repairs: list[str]) -> list[str]:
    """The valid ISBNs; the records have many with typing errors."""
    found: dict[str, None] = {}
    for name in ("isbn_13", "isbn_10"):
        values = record.get(name)
        for value in values if isinstance(values, list) else ():
            try:
                found.update(dict.fromkeys(repair.isbns(str(value), "", [])))
            except Refused:
                repairs.append("invalid_isbn_left_out")
    return list(found)


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
