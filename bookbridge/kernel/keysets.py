"""Where a page begins: the rows that come after a given one in the order of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value


def beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come after `values` in `order`, found by the index that has that order.

    One comparison of rows where all terms have one direction: the index begins at that place,
    however many rows are equal in the first term. Elsewhere that term alone bounds its scan.
    """
    if len(order) > 1 and len({key.startswith("-") for key in order}) == 1:
        return Q(_RowsBeyond(order, values))
    later, equal = Q(), Q()
    for key, value in zip(order, values, strict=True):
        name, lookup = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
        later |= equal & Q(**{f"{name}__{lookup}": value})
        equal &= Q(**{name: value})
    first, bound = order[0].lstrip("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": values[0]}) & later


class _RowsBeyond(Func):
    """`(a, b) > (1, 2)`; less, where the order goes down."""

    output_field = BooleanField()

    def __init__(self, order: Sequence[str], values: Sequence[Any]) -> None:
        sides = [F(key.lstrip("-")) for key in order], [_expression(value) for value in values]
        super().__init__(*sides[0], *sides[1], sign="<" if order[0].startswith("-") else ">")

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_extra: Any
    ) -> tuple[str, list[Any]]:
        """Both rows, with the sign between them."""
        parts = [compiler.compile(each) for each in self.source_expressions]
        texts, middle = [sql for sql, _values in parts], len(parts) // 2
        left, right = ", ".join(texts[:middle]), ", ".join(texts[middle:])
        values = [value for _sql, some in parts for value in some]
        return f"({left}) {self.extra['sign']} ({right})", values


def _expression(value: Any) -> Any:
    return value if hasattr(value, "resolve_expression") else Value(value)
