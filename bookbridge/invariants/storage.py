"""What the database itself must hold: the named constraints, and references that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models

from bookbridge.invariants.checks import Check, Row, rows_of

APPS = ("accounts", "clubs", "reviews", "kernel")


def missing_constraints() -> Iterator[Row]:
    """Constraints and indexes that the models name and the database does not have."""
    unvalidated = _unvalidated()
    with connection.cursor() as cursor:
        for model in _models():
            table = model._meta.db_table
            there = connection.introspection.get_constraints(cursor, table)
            for named in [*model._meta.constraints, *model._meta.indexes]:
                if named.name not in there or named.name in unvalidated:
                    yield {"id": named.name, "on": table}


def broken_references() -> Iterator[Row]:
    """Rows that refer to rows which are not there."""
    if connection.vendor == "sqlite":
        for row in rows_of("PRAGMA foreign_key_check"):
            yield {"id": row["rowid"], "on": row["table"], "refers_to": row["parent"]}
        return
    # PostgreSQL lets nobody break a reference that it has checked once.
    yield from ({"id": name, "on": table} for name, table in _unvalidated("f").items())


def _models() -> list[type[models.Model]]:
    return [model for label in APPS for model in apps.get_app_config(label).get_models()]


def _unvalidated(kind: str = "c") -> dict[str, str]:
    """On PostgreSQL the constraints that hold for new rows only, with their tables."""
    if connection.vendor != "postgresql":
        return {}
    rows = rows_of(
        "SELECT conname AS name, conrelid::regclass::text AS table_name FROM pg_constraint "
        "WHERE NOT convalidated AND contype = %s AND connamespace = current_schema()::regnamespace",
        [kind],
    )
    return {row["name"]: row["table_name"] for row in rows}


CHECKS = [
    Check(
        "constraints_are_there",
        "every constraint and index that the models name is in the database",
        "",
        missing_constraints,
    ),
    Check(
        "references_lead_somewhere",
        "no row refers to a row that is not there",
        "",
        broken_references,
    ),
]
