"""Inserting a row in one statement, which is made once for each model.

`insert` does what `save(force_insert=True)` does, without compiling the statement anew.
`insert_new` loses a race without an error: `save()` raises where a unique constraint has the
row's place, which breaks the transaction unless a savepoint is around it, and so takes three
statements where one will do. As in `QuerySet.bulk_create` neither sends signals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import connections, models, router

from bookbridge.kernel.compiled import answer_of


def insert(instance: models.Model) -> None:
    """Insert a new row and set its key.

    Raises:
        IntegrityError: a constraint refuses it, and with it the transaction.
    """
    _insert(instance, yields=False)


def insert_new(instance: models.Model) -> bool:
    """Insert a new row and set its key; False, and nothing happened, where its place is taken.

    "Taken" is said by any unique constraint of the table.
    """
    return _insert(instance, yields=True)


def _insert(instance: models.Model, *, yields: bool) -> bool:
    model = type(instance)
    connection = connections[router.db_for_write(model, instance=instance)]
    sql, fields = _statement(model, connection.vendor, yields)
    values = [
        field.get_db_prep_save(field.pre_save(instance, add=True), connection) for field in fields
    ]
    rows, _number = answer_of(connection, sql, values)
    if not rows:
        return False
    instance.pk = rows[0][0]
    instance._state.adding, instance._state.db = False, connection.alias
    return True


@lru_cache
def _statement(
    model: type[models.Model], vendor: str, yields: bool
) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    """The statement, and the fields whose values it takes; the key is the database's."""
    quote = connections[router.db_for_write(model)].ops.quote_name
    meta = model._meta
    fields = tuple(
        field for field in meta.concrete_fields if not (field.primary_key or field.generated)
    )
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    key = quote(str(meta.pk.column))
    conflict = "ON CONFLICT DO NOTHING " if yields else ""
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places}) "  # noqa: S608
        f"{conflict}RETURNING {key}"
    )
    return sql, fields
