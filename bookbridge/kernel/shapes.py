"""How rows become representations: one shape for each, shared by every way out.

A list or a detail does not build model instances: it selects just the columns its shape
names (`QuerySet.values`) and hands the rows to `build`. The serializer of a shape is its
schema; a test compares what `build` returns with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from bookbridge.kernel.compiled import Cut, Question, rows_of
from bookbridge.kernel.errors import InvalidInput, Missing

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.serializers import Serializer

Row = Mapping[str, Any]
Json = dict[str, Any]


class Shape:
    """One representation: the columns it needs and the function from a row to JSON.

    Attributes:
        serializer: the schema of what `build` returns.
        columns: names for `QuerySet.values`; annotations of the queryset may be among them.
        version: the column that counts edits of the thing, or None for things without.
    """

    serializer: ClassVar[type[Serializer[Any]]]
    columns: ClassVar[tuple[str, ...]]
    version: ClassVar[str | None] = "version"

    def related(self, rows: Sequence[Row], viewer: Any) -> Any:
        """What all rows of one answer need besides, in a fixed number of queries."""
        return None

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The JSON-ready representation of one row, as `viewer` (or None) may see it."""
        raise TypeError(f"{type(self).__name__} has no build()")

    def rows(self, source: QuerySet[Any] | Question, *extra: str) -> list[Row]:
        """The rows of `source`, with the columns of this shape and those in `extra`."""
        return rows_of(source, Cut((*self.columns, *extra)))

    def many(self, rows: Sequence[Row], viewer: Any) -> list[Json]:
        """Representations of `rows`, in their order."""
        related = self.related(rows, viewer) if rows else None
        return [self.build(row, related, viewer) for row in rows]

    def one(self, source: QuerySet[Any] | Question, viewer: Any) -> tuple[Json, int]:
        """The representation and the version of the only row of `source`.

        Raises:
            Missing: `not_found`, when there is none.
        """
        columns = (*self.columns, *((self.version,) if self.version else ()))
        for row in rows_of(source, Cut(columns, stop=1)):
            return self.of(row, viewer)
        raise Missing()

    def row_of(self, thing: Any, **known: Any) -> Row:
        """The row of an instance with all that its columns reach; `known` are annotations."""
        columns = (*self.columns, *((self.version,) if self.version else ()))
        return {
            name: known[name] if name in known else reduce(_member, path, thing)
            for name, path in _paths(columns)
        }

    def of(self, row: Row, viewer: Any) -> tuple[Json, int]:
        """The representation and the version of a row at hand: `vars` of an instance, too."""
        return self.many([row], viewer)[0], int(row[self.version]) if self.version else 0


@lru_cache
def _paths(columns: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    return [(name, name.split("__")) for name in columns]


def _member(thing: Any, name: str) -> Any:
    return None if thing is None else getattr(thing, name)


def narrow(data: Json, fields: Sequence[str] | None, serializer: type[Serializer[Any]]) -> Json:
    """`data` with only the top-level names in `fields`; all of it when `fields` is None.

    Raises:
        InvalidInput: `unknown_field` for the parameter `fields`, for a name that the
            representation does not have.
    """
    if fields is None:
        return data
    check_fields(fields, serializer)
    return {name: value for name, value in data.items() if name in fields}


def check_fields(fields: Sequence[str] | None, serializer: type[Serializer[Any]]) -> None:
    """Refuse names in `fields` that the representation does not have.

    Raises:
        InvalidInput: `unknown_field` for the parameter `fields`.
    """
    for name in fields or ():
        if name not in serializer._declared_fields:
            message = _("No such field: {name}").format(name=name)
            raise InvalidInput.parameter("fields", "unknown_field", message)


def moment(value: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC, with microseconds only where there are some."""
    if value is None:
        return None
    return value.isoformat().replace("+00:00", "Z")


def day(value: date | None) -> str | None:
    """A day as `YYYY-MM-DD`."""
    return None if value is None else value.isoformat()
