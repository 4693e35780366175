"""Healing stored numbers and search texts: suspects are counted again under locks of their rows.

Safe while others write. Only what differs is written, and what was written is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from accounts import population
from accounts.models import User
from accounts.querysets import SEARCH_TEXT_LENGTH as READER_TEXT_LENGTH
from bookbridge.invariants.checks import rows_of
from bookbridge.invariants.counts import (
    LIKES,
    MEMBERS,
    MOVES,
    SUPPORTERS,
    StoredCount,
    wrong_months,
    wrong_ratings,
)
from bookbridge.invariants.lists import WRONG_LISTS
from bookbridge.invariants.search import (
    missing_indexes,
    wrong_book_texts,
    wrong_club_texts,
    wrong_reader_texts,
)
from bookbridge.kernel.text import searchable
from clubs.books.authors import work_key
from clubs.books.indexing import index_book, rebuild_index
from clubs.membership.services import SEARCH_TEXT_LENGTH as CLUB_TEXT_LENGTH
from clubs.models import Book, Club, ListEntry
from clubs.reading import finished
from reviews.months import club_of, settle_clubs, settle_months, settle_parts
from reviews.recount import recount_books

BATCH = 500

Change = dict[str, Any]


def heal_count(stored: StoredCount, *, write: bool) -> Iterator[Change]:
    """Count anew where the number of a column is wrong."""
    manager = stored.model._default_manager
    for keys in _batches(row["id"] for row in list(stored.find())):
        with transaction.atomic():
            locked = manager.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
            kept = dict(locked.values_list("pk", stored.column))
            counted = {row[stored.reference]: row["n"] for row in stored.recount(keys)}
            for key, number in kept.items():
                right = counted.get(key, 0)
                if number == right:
                    continue  # it was somebody's write under way
                if write:
                    manager.filter(pk=key).update(**{stored.column: right})
                yield {"id": key, "kept": number, "counted": right}


def heal_ratings(*, write: bool) -> Iterator[Change]:
    """Count the reviews of books anew."""
    suspects = [row["id"] for row in wrong_ratings()]
    for difference in recount_books(suspects, heal=write):
        yield {
            "id": difference.book_id,
            "kept": [difference.kept_count, difference.kept_sum, difference.kept],
            "counted": difference.counted,
        }


def heal_months(*, write: bool) -> Iterator[Change]:
    """Count the reviews of months anew: of books and clubs under their locks, then of the parts."""
    wrong = {row["id"] for row in wrong_months()}
    for of in sorted(wrong):
        model, key, settle = _kept_by(of)
        if model is None:
            continue
        with transaction.atomic():
            list(model.objects.select_for_update(no_key=True).filter(pk=key).values_list("pk"))
            changes = settle([key])
            if not write:
                transaction.set_rollback(True)
        for (_key, month), step in sorted(changes.items()):
            yield {"id": of, "month": f"{month:%Y-%m}", "added": step}
    with transaction.atomic():
        for (part, month), step in sorted(settle_parts().items()):
            yield {"id": part, "month": f"{month:%Y-%m}", "added": step}
        if not write:
            transaction.set_rollback(True)


def _kept_by(of: int) -> tuple[Any, int, Any]:
    """Whose months they are: the model, the key, and what settles them; a part has no model."""
    if of > 0:
        return Book, of, settle_months
    club_id = club_of(of)
    return (None, of, None) if club_id is None else (Club, club_id, settle_clubs)


def heal_finished(*, write: bool) -> Iterator[Change]:
    """Count the books that public clubs finished anew."""
    with transaction.atomic():
        for (part, _archived, month), kept, counted in finished.settle_months():
            yield {"id": part, "month": f"{month:%Y-%m}", "kept": kept, "counted": counted}
        if not write:
            transaction.set_rollback(True)


def heal_readers(*, write: bool) -> Iterator[Change]:
    """Count the readers anew."""
    with transaction.atomic():
        for part, kept, counted in population.settle_parts():
            yield {"id": part, "kept": kept, "counted": counted}
        if not write:
            transaction.set_rollback(True)


def heal_positions(*, write: bool) -> Iterator[Change]:
    """Number the entries of a list anew, in the order in which they are shown."""
    for row in list(rows_of(WRONG_LISTS)):
        with transaction.atomic():
            Club.objects.select_for_update(no_key=True).filter(pk=row["id"]).first()
            entries = ListEntry.objects.filter(club=row["id"]).order_by("position", "pk")
            moved = []
            for position, entry in enumerate(entries, start=1):
                if entry.position != position:
                    moved.append({"id": entry.pk, "kept": entry.position, "counted": position})
                    if write:
                        ListEntry.objects.filter(pk=entry.pk).update(position=position)
            if write and moved:
                Club.objects.filter(pk=row["id"]).update(list_version=F("list_version") + 1)
            yield from moved


def heal_search(*, write: bool) -> Iterator[Change]:
    """Write anew what searches look in."""
    for key in _keys(wrong_reader_texts()):
        yield from _heal_text(User, key, _text_of_reader, write=write)
    for key in _keys(wrong_club_texts()):
        yield from _heal_text(Club, key, _text_of_club, write=write)
    for key in _keys(wrong_book_texts()):
        with transaction.atomic():
            book = Book.objects.select_for_update(no_key=True).filter(pk=key).first()
            if book is not None and write:
                author = book.authorships.order_by("position", "id").first()
                right = work_key(book.title, author.author.name if author else "")
                Book.objects.filter(pk=key).update(work_key=right)
                index_book(book)
        yield {"id": key, "table": Book._meta.db_table}
    unindexed = list(missing_indexes())
    if unindexed and write:
        if connection.vendor == "sqlite":
            rebuild_index()
        else:
            _make_indexes([row["id"] for row in unindexed])
    yield from unindexed


def _make_indexes(names: list[str]) -> None:
    """Make indexes of PostgreSQL anew, as their migration has them."""
    # A transaction cannot make an index without stopping writers; what is healed is small or late.
    statements = [
        statement.replace("CONCURRENTLY ", "").replace("IF NOT EXISTS ", "")
        for migration in ("0002_book_search", "0006_search_words", "0011_clubs_found")
        for statement in import_module(f"clubs.migrations.{migration}").POSTGRESQL
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")
            for statement in statements:
                if f" {name} " in statement:
                    cursor.execute(statement)


def _heal_text(
    model: Any, key: int, text_of: Callable[[Any], str], *, write: bool
) -> Iterator[Change]:
    with transaction.atomic():
        row = model.objects.select_for_update(no_key=True).filter(pk=key).first()
        if row is None or row.search_text == text_of(row):
            return
        if write:
            model.objects.filter(pk=key).update(search_text=text_of(row))
    yield {"id": key, "table": model._meta.db_table}


def _text_of_reader(reader: User) -> str:
    if reader.erased_at is not None:
        return ""
    return searchable(reader.username, reader.display_name)[:READER_TEXT_LENGTH]


def _text_of_club(club: Club) -> str:
    return searchable(club.name, club.description)[:CLUB_TEXT_LENGTH]


def _keys(rows: Iterable[Change]) -> list[int]:
    return [row["id"] for row in rows]


def _batches(keys: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch


#: What can be healed, by the name by which `recount --only` knows it.
HEALINGS: dict[str, Callable[..., Iterator[Change]]] = {
    "readers": heal_readers,
    "members": lambda *, write: heal_count(MEMBERS, write=write),
    "moves": lambda *, write: heal_count(MOVES, write=write),
    "supporters": lambda *, write: heal_count(SUPPORTERS, write=write),
    "likes": lambda *, write: heal_count(LIKES, write=write),
    "ratings": heal_ratings,
    "months": heal_months,
    "finished": heal_finished,
    "positions": heal_positions,
    "search": heal_search,
}
