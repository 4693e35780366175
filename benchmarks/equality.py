"""Whether contenders give the same answers, and write the same rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

#: What may differ between two answers that say the same: when statistics were made.
_WHEN = re.compile(rb'"generated_at":"[^"]*"')
_CURSOR = re.compile(rb"cursor=[A-Za-z0-9_.%-]+")

IDENTICAL, SAME_BUT_CURSORS, SAME_JSON = (
    "identical bytes",
    "identical but for opaque cursors",
    "the same JSON in other bytes",
)


class Different(AssertionError):
    """Two contenders do not answer, or store, the same."""


def likeness(reference: bytes, answer: bytes) -> str:
    """How alike two answers are; `generated_at` and a closing newline do not count.

    Raises:
        Different: they do not say the same; the message shows where.
    """
    one, other = (_WHEN.sub(b"", text.rstrip(b"\n")) for text in (reference, answer))
    if one == other:
        return IDENTICAL
    one, other = _CURSOR.sub(b"cursor=", one), _CURSOR.sub(b"cursor=", other)
    if one == other:
        return SAME_BUT_CURSORS
    try:
        if json.loads(one) == json.loads(other):
            return SAME_JSON
    except ValueError as error:
        raise Different(f"not JSON: {answer[:300]!r}") from error
    raise Different(difference(one, other))


def difference(one: bytes, other: bytes) -> str:
    """Where two texts part, with what is around."""
    place = next(
        (number for number, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    start = max(0, place - 60)
    return f"at byte {place}: {one[start : place + 60]!r} and {other[start : place + 60]!r}"


def weakest(found: Sequence[str]) -> str:
    """The least alike of several."""
    order = (IDENTICAL, SAME_BUT_CURSORS, SAME_JSON)
    return max(found, key=order.index) if found else IDENTICAL


# -- what is stored ------------------------------------------------------------------------

Written = dict[str, list[dict[str, Any]]]


class Witness:
    """Sees what was written since it was made: by tables, the rows that are new or changed.

    An old snapshot tells what changed rows were before. Numbers show as their change, keys and
    moments as that they are there, so that two contenders can be compared that wrote about
    different books.
    """

    def __init__(self, database_url: str) -> None:
        address = database_url.replace("postgres://", "postgresql://")
        self.before = psycopg.connect(address)
        self.before.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = self.before.execute(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ).fetchone()
        assert row is not None  # noqa: S101  (a select without a table gives one row)
        self.since = int(row[0])
        self.now = psycopg.connect(address, autocommit=True)

    def close(self) -> None:
        """Let the snapshot go."""
        self.before.close()
        self.now.close()

    def written(self) -> Written:
        """What was written, by table."""
        tables = self.now.execute(
            "SELECT c.relname, a.attname FROM pg_class c "
            "JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        found: Written = {}
        for table, key in tables:
            rows = [self._row(str(table), str(key), new) for new in self._new(str(table))]
            if rows:
                found[str(table)] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        return found

    def _new(self, table: str) -> list[dict[str, Any]]:
        query = sql.SQL(
            "SELECT to_jsonb(t) FROM {} t WHERE xmin::text::bigint >= %s & 4294967295"
        ).format(sql.Identifier(table))
        return [row[0] for row in self.now.execute(query, [self.since])]

    def _row(self, table: str, key: str, new: dict[str, Any]) -> dict[str, Any]:
        query = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {} = %s").format(
            sql.Identifier(table), sql.Identifier(key)
        )
        row = self.before.execute(query, [new[key]]).fetchone()
        return masked(new) if row is None else changed(row[0], new)


def masked(row: dict[str, Any]) -> dict[str, Any]:
    """A new row without what is different each time."""
    return {name: _masked(name, value) for name, value in row.items()}


def changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What changed in a row: whole numbers as steps, the rest as that it did."""
    steps: dict[str, Any] = {"": "changed"}
    for name, value in new.items():
        if value != old[name]:
            whole = isinstance(value, int) and isinstance(old[name], int)
            steps[name] = value - old[name] if whole else "changed"
    return steps


def masked_answer(body: bytes) -> Any:
    """The answer to a write without its keys and moments."""
    return _masked_json(json.loads(body))


def _masked(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in ("id", "key", "fingerprint") or name.endswith(("_id", "_at", "_on")):
        return "#"
    if name == "body":
        return _masked_json(json.loads(value))
    return re.sub(r"\d+", "#", value) if name == "location" else value


def _masked_json(data: Any) -> Any:
    if isinstance(data, dict):
        about = {"id", "created_at", "book"}
        return {
            name: "#" if name in about and value is not None else _masked_json(value)
            for name, value in data.items()
        }
    return data
