"""Inserting a row in one statement, which is made once for each model.

`insert` does what `save(force_insert=True)` does, without compiling the statement anew.
`insert_new` loses a race without an error: `save()` raises where a unique constraint has the
row's place, which breaks the transaction unless a savepoint is around it, and so takes three
statements where one will do. As in `QuerySet.bulk_create` neither sends signals.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connections, models, router

from bookbridge.kernel.compiled import answer_of

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]

#: Fields that do nothing of their own with a value of their type; fields made from them may.
_AS_THEY_ARE: dict[Any, type] = {
    models.CharField: str,
    models.TextField: str,
    models.BooleanField: bool,
    models.IntegerField: int,
    models.SmallIntegerField: int,
    models.BigIntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.BigAutoField: int,
}


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
    values = [sent(field, instance, connection, add=True) for field in fields]
    rows, _number = answer_of(connection, sql, values)
    if not rows:
        return False
    instance.pk = rows[0][0]
    instance._state.adding, instance._state.db = False, connection.alias
    return True


def sent(field: AnyField, instance: models.Model, connection: Any, *, add: bool) -> Any:
    """The value of a field as it is sent to the database when its row is written."""
    kind = _handed_on(field)
    if kind is not None:
        value = getattr(instance, field.attname)
        if value is None or type(value) is kind:
            return value
    return field.get_db_prep_save(field.pre_save(instance, add=add), connection)


@cache
def _handed_on(field: AnyField) -> type | None:
    """Values of which type the field hands on without a look at them; None: it looks at all."""
    if isinstance(field, models.ForeignKey):
        return _handed_on(field.target_field)
    return _AS_THEY_ARE.get(type(field))


@lru_cache
def _statement(
    model: type[models.Model], vendor: str, yields: bool
) -> tuple[str, tuple[AnyField, ...]]:
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
