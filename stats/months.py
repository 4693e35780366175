"""Months of a time zone, and how many things happened in each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Func, IntegerField, Q, QuerySet

from bookbridge.kernel.shapes import Json

MONTHS_SHOWN = 24


class IndexOfMonth(Func):
    """The index of the last of the bounds that a value reaches.

    It says what a `Case` of so many `When` would, without the milliseconds that Django takes to
    write that out.
    """

    output_field = IntegerField()

    def __init__(self, column: str, bounds: tuple[date, ...]) -> None:
        super().__init__(column)
        self.bounds = bounds

    def as_sql(self, compiler: Any, connection: Any, **_options: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The expression, and its parameters."""
        (source,) = self.source_expressions
        column, parameters = compiler.compile(source)
        values: list[Any] = []
        whens = ""
        # From the youngest to the oldest: most rows of a growing platform are young.
        for index, bound in reversed(list(enumerate(self.bounds))):
            whens += f" WHEN {column} >= %s THEN {index}"
            values += [*parameters, source.output_field.get_db_prep_value(bound, connection)]
        return f"CASE{whens} END", values


@dataclass(frozen=True)
class Months:
    """Consecutive months up to the one of `now`, in one time zone."""

    zone: tzinfo
    firsts: tuple[date, ...]

    @classmethod
    def until(cls, now: datetime, zone: tzinfo = UTC, count: int = MONTHS_SHOWN) -> Months:
        """The last `count` months, that of `now` included."""
        here = now.astimezone(zone)
        last = here.year * 12 + here.month - 1
        numbers = range(last - count + 1, last + 1)
        return cls(zone, tuple(date(number // 12, number % 12 + 1, 1) for number in numbers))

    @property
    def names(self) -> list[str]:
        """`2026-11` and so on, the oldest first."""
        return [f"{first:%Y-%m}" for first in self.firsts]

    def counted(self, rows: QuerySet[Any], column: str, *, days: bool = False) -> list[int]:
        """How many `rows` fall into each month by `column`, in one statement.

        The bounds are given to the database as moments, so that it need not know the zone;
        with `days` the column holds days, which belong to the zone already.
        """
        bounds: Sequence[date] = self.firsts
        if not days:
            bounds = [datetime(day.year, day.month, 1, tzinfo=self.zone) for day in self.firsts]
        found = (
            rows.filter(Q(**{f"{column}__gte": bounds[0]}))
            .annotate(month_index=IndexOfMonth(column, tuple(bounds)))
            .order_by()
            .values("month_index")
            .annotate(n=Count("*"))
            .values_list("month_index", "n")
        )
        counts = dict(found)
        return [counts.get(index, 0) for index in range(len(self.firsts))]

    def kept(self, numbers: Mapping[date, int]) -> list[int]:
        """The numbers of each month, from those kept by first day."""
        return [numbers.get(first, 0) for first in self.firsts]

    def of_reviews(self, counts: Sequence[int]) -> list[Json]:
        """A series of reviews."""
        pairs = zip(self.names, counts, strict=True)
        return [{"month": month, "reviews": number} for month, number in pairs]


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
