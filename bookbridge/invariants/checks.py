"""What a check is: a rule, and a question to the database that finds whatever breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Row = dict[str, Any]
FETCHED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Check:
    """One rule; `find` yields a row for each thing that breaks it, with its key as `id`."""

    name: str
    rule: str
    table: str
    find: Callable[[], Iterator[Row]]


def sql_check(name: str, rule: str, table: str, sql: str) -> Check:
    """A check that is one statement, the same on PostgreSQL and SQLite."""
    return Check(name, rule, table, lambda: rows_of(sql))


def query_check(name: str, rule: str, question: Callable[[], QuerySet[Any]], *shown: str) -> Check:
    """A check that is one query: whatever it finds breaks the rule; `shown` are its columns."""

    def find() -> Iterator[Row]:
        rows = question().order_by("pk").values("pk", *shown)
        for row in rows.iterator(chunk_size=FETCHED_AT_ONCE):
            yield {"id": row.pop("pk"), **row}

    return Check(name, rule, question().model._meta.db_table, find)


def rows_of(sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
    """The rows of a statement by the names of its columns, so many at a time."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for row in rows:
                yield dict(zip(names, row, strict=True))
