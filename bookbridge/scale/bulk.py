"""Writing very many rows: COPY on PostgreSQL, prepared INSERTs on SQLite, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models

BATCH = 20_000
DAY = 86_400


class Table:
    """A table that takes rows of the columns named; the others get their defaults."""

    def __init__(self, model: type[models.Model], *columns: str) -> None:
        self.model = model
        self.name = model._meta.db_table
        fields = {
            str(field.column): field for field in model._meta.concrete_fields if not field.generated
        }
        if unknown := set(columns) - fields.keys():
            raise TypeError(f"{self.name} has no {', '.join(sorted(unknown))}")
        rest = {
            column: _default(field)
            for column, field in fields.items()
            if column not in columns and (field.has_default() or not field.has_db_default())
        }
        self.columns = [*columns, *rest]
        self.constants = tuple(rest.values())
        self.rows: list[tuple[Any, ...]] = []
        self.written = 0
        self.first = self.next = _next_key(self.name) if "id" in columns else 0

    def key(self) -> int:
        """A key of a new row."""
        self.next += 1
        return self.next - 1

    def add(self, *values: Any) -> None:
        """Take one row."""
        self.rows.append(values + self.constants)
        if len(self.rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what was taken."""
        if self.rows:
            insert(self.name, self.columns, self.rows)
            self.written += len(self.rows)
            self.rows.clear()

    def close(self) -> None:
        """Write what is left, and let the next row of others come after it."""
        self.flush()
        if connection.vendor == "postgresql" and self.next > self.first:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)",
                    [self.name, self.next - 1],
                )


def insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows in one go."""
    listed = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({listed}) VALUES ({places})", rows)  # noqa: S608


def moment(seconds: int) -> str:
    """A moment (seconds since 1970) as both databases take it."""
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, 3600)
    zone = "+00" if connection.vendor == "postgresql" else ""
    return f"{day(days)} {hours:02}:{rest // 60:02}:{rest % 60:02}{zone}"


@lru_cache(maxsize=4_096)
def day(days: int) -> str:
    """A day (days since 1970)."""
    return datetime.fromtimestamp(days * DAY, UTC).strftime("%Y-%m-%d")


def _default(field: models.Field[Any, Any]) -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        raise TypeError(f"{field.model.__name__}.{field.name} must be given")
    return field.get_db_prep_save(field.get_default(), connection)


def _next_key(table: str) -> int:
    """The key after the last one; whoever else wants to insert waits for this transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608
        key: int = cursor.fetchone()[0]
    return key
