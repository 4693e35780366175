"""Changing one row by its key in one statement, which is made once for each set of columns.

`save(update_fields=...)` and `update(n=F("n") + 1)` compile their statement each time, which takes
longer than the database needs for it. For rows that the transaction under way has locked, or that
it changes by steps alone; as in `QuerySet.update` no signals are sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import DatabaseError, connections, models, router

from bookbridge.kernel.compiled import answer_of
from bookbridge.kernel.inserting import sent

#: Statements that are kept; what was used longest ago goes first.
STATEMENTS_KEPT = 1_000


def write_fields(instance: models.Model, *names: str) -> None:
    """Write these fields of a row at hand, like `save(update_fields=names)`.

    `updated_at` moves if it is among them.

    Raises:
        DatabaseError: there is no such row.
    """
    model = type(instance)
    connection = connections[router.db_for_write(model, instance=instance)]
    sql, fields = _writing(model, names, connection.vendor)
    values = [sent(field, instance, connection, add=False) for field in fields]
    if not answer_of(connection, sql, [*values, instance.pk])[1]:
        raise DatabaseError(f"there is no {model._meta.label} {instance.pk} to write to")


def step(model: type[models.Model], key: int, **steps: int) -> bool:
    """Add to numbers of the row with this key; whether there is one.

    The same as `update(**{name: F(name) + step})`.
    """
    connection = connections[router.db_for_write(model)]
    sql = _stepping(model, tuple(steps), connection.vendor)
    return bool(answer_of(connection, sql, [*steps.values(), key])[1])


@lru_cache(maxsize=STATEMENTS_KEPT)
def _writing(
    model: type[models.Model], names: tuple[str, ...], vendor: str
) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    """The statement that writes fields, and the fields, each once."""
    fields = tuple(_column(model, name) for name in dict.fromkeys(names))
    return _update(model, "{column} = %s", fields), fields


@lru_cache(maxsize=STATEMENTS_KEPT)
def _stepping(model: type[models.Model], names: tuple[str, ...], vendor: str) -> str:
    """The statement that adds to columns."""
    fields = tuple(_column(model, name) for name in names)
    return _update(model, "{column} = {column} + %s", fields)


def _update(
    model: type[models.Model], change: str, fields: tuple[models.Field[Any, Any], ...]
) -> str:
    quote = connections[router.db_for_write(model)].ops.quote_name
    changes = ", ".join(change.format(column=quote(str(field.column))) for field in fields)
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    return f"UPDATE {table} SET {changes} WHERE {key} = %s"  # noqa: S608


def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """The field of a name that may be written.

    Raises:
        FieldDoesNotExist, TypeError: there is none.
    """
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field) or not field.concrete or field.primary_key:
        raise TypeError(f"{model._meta.label} has no column {name} to write")
    return field
