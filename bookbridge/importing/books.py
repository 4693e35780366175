"""Catalogues: rows become drafts, drafts become books, one batch in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from bookbridge.importing import repairs as repair
from bookbridge.importing.layouts import Cells, Layout
from bookbridge.importing.reading import Table
from bookbridge.importing.repairs import Refused
from bookbridge.importing.report import IMPORTED, MERGED, REPAIRED, Report
from clubs.books.bulk import Draft, Outcome, add_many

BATCH = 500
TRIES = 3
LONGEST_KEY = 40


@dataclass
class Taken:
    """A row that became a draft."""

    line: int
    draft: Draft
    repairs: list[str]
    row: Any


def import_books(
    table: Table,
    layout: Layout,
    report: Report,
    *,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Bring the rows of `table` into the catalogue.

    A batch that is committed is done: a second run finds its books again and changes nothing.
    """
    with undone() if dry_run else nullcontext():
        for batch in batches(_drafts(table, layout, report, progress), BATCH):
            bring(batch, report)


@contextmanager
def undone() -> Iterator[None]:
    """Do what is inside, then undo it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def bring(batch: Sequence[Taken], report: Report) -> None:
    """Write one batch and count what became of its rows."""
    outcomes = _written([taken.draft for taken in batch])
    for taken, outcome in zip(batch, outcomes, strict=True):
        _count(taken, outcome, report)


def _written(drafts: Sequence[Draft]) -> list[Outcome]:
    """Add or find; once more when somebody added one of the books at the same moment."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return add_many(drafts)
        except IntegrityError:
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def _count(taken: Taken, outcome: Outcome, report: Report) -> None:
    said = ", ".join(dict.fromkeys(taken.repairs))
    if outcome.result == "unknown":
        report.refuse(taken.line, "unresolved_work", _keys(taken.draft), taken.row)
        return
    merged = outcome.result in ("found", "filled")
    report.count(MERGED if merged else REPAIRED if taken.repairs else IMPORTED)
    if outcome.note:
        report.note(MERGED, taken.line, "conflict", outcome.note, taken.row)
    elif taken.repairs:
        report.note(MERGED if merged else REPAIRED, taken.line, said, "", taken.row)


def _keys(draft: Draft) -> str:
    return ", ".join(key for _source, key in draft.only_known)


def _drafts(
    table: Table, layout: Layout, report: Report, progress: Callable[[int], object] | None
) -> Iterator[Taken]:
    cells = Cells(layout, table.header)
    for row in table.rows(progress):
        report.rows += 1
        repairs: list[str] = []
        try:
            draft = draft_of(cells.of(row, repairs), layout, repairs)
        except Refused as refusal:
            report.refuse(row.line, refusal.reason, refusal.detail, row.cells)
        else:
            yield Taken(row.line, draft, repairs, row.cells)


def draft_of(said: dict[str, str], layout: Layout, repairs: list[str]) -> Draft:
    """The book that a row describes.

    A series named in the title, `(The Hunger Games, #1)`, stays in the title.

    Raises:
        Refused: something needed is missing or damaged beyond certain repair.
    """
    title = repair.text(said.get("title", ""), repairs, longest=300, name="title")
    if not title:
        raise Refused("no_title")
    names = said["authors"].split(",") if "authors" in said else [said.get("author", "")]
    authors = [repair.text(name, repairs, longest=200, name="author") for name in names]
    authors = [name for name in authors if name]
    if not authors:
        raise Refused("no_author")
    fields: dict[str, Any] = {
        "subtitle": repair.text(said.get("subtitle", ""), repairs, longest=300, name="subtitle"),
        "published_year": repair.year(said.get("year", ""), repairs),
        "language": repair.language(said.get("language", "")),
        "page_count": repair.pages(said.get("pages", "")),
        "description": repair.long_text(said.get("description", ""), repairs),
        "cover_url": repair.cover(said.get("cover", "")),
        "goodreads_id": _key(said.get("goodreads_id", ""), "goodreads_id"),
        "openlibrary_id": _key(said.get("openlibrary_id", ""), "openlibrary_id"),
    }
    key = _key(said.get("key", ""), "key")
    if "key" in said and not key:
        raise Refused("no_key")
    return Draft(
        title=title,
        authors=authors,
        isbns=repair.isbns(said.get("isbn", ""), said.get("isbn13", ""), repairs),
        keys=[(layout.source, key)] if key and layout.source else [],
        fields=fields,
    )


def _key(value: str, name: str) -> str:
    key = repair.number(value)
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Refused("too_long", name)
    return key


def batches(taken: Iterator[Taken], size: int) -> Iterator[list[Taken]]:
    """So many at a time."""
    batch: list[Taken] = []
    for one in taken:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
