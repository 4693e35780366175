"""The date hierarchy of large lists, without reading every row for the dates there are.

At each level two looks into an index find the first row and the last; what lies between is
offered, also where it is empty. As usual, but for that: years, months of one, days of one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.db.models import DateTimeField
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

register = template.Library()

YEAR, MONTH_OF_YEAR, DAY = "Y", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT"
PARTS = ("year", "month", "day")


@register.inclusion_tag("admin/date_hierarchy.html")
def quick_date_hierarchy(cl: Any) -> dict[str, Any] | None:
    """What can be chosen next, and the way back."""
    field = cl.date_hierarchy
    if not field:
        return None
    chosen = _chosen(cl)
    back = _back(cl, chosen)
    if len(chosen) == len(PARTS):
        day = _shown(_first_of(chosen), DAY)
        return {"show": True, "back": back, "choices": [{"title": day}]}
    ends = _ends(cl, chosen)
    if ends is None:
        return {"show": bool(chosen), "back": back, "choices": []}
    firsts = _between(*ends, level=len(chosen))
    style = (YEAR, MONTH_OF_YEAR, DAY)[len(chosen)]
    choices = [
        {
            "link": _link(cl, (each.year, each.month, each.day)[: len(chosen) + 1]),
            "title": _shown(each, style),
        }
        for each in firsts
    ]
    return {"show": True, "back": back, "choices": choices if chosen else choices[::-1]}


def _chosen(cl: Any) -> tuple[int, ...]:
    """Year, month and day of the address, as far as each has the one before it."""
    chosen: list[int] = []
    for part in PARTS:
        value = cl.params.get(f"{cl.date_hierarchy}__{part}")
        if not value:
            break
        chosen.append(int(value))
    return tuple(chosen)


def _link(cl: Any, chosen: tuple[int, ...]) -> str:
    field = cl.date_hierarchy
    wanted = {f"{field}__{part}": n for part, n in zip(PARTS, chosen, strict=False)}
    return str(cl.get_query_string(wanted, [f"{field}__"]))


def _back(cl: Any, chosen: tuple[int, ...]) -> dict[str, str] | None:
    """One level up."""
    if not chosen:
        return None
    titles = (
        _("All dates"),
        str(chosen[0]),
        _shown(_first_of(chosen[:2]), MONTH_OF_YEAR),
    )
    return {"link": _link(cl, chosen[:-1]), "title": titles[len(chosen) - 1]}


def _ends(cl: Any, chosen: tuple[int, ...]) -> tuple[date, date] | None:
    """The first and the last day with rows, within the chosen year or month."""
    field = cl.date_hierarchy
    known = cl.root_queryset.filter(**{f"{field}__isnull": False})
    if chosen:
        bounds: list[date] = [_first_of(chosen), _after(chosen)]
        if isinstance(cl.lookup_opts.get_field(field), DateTimeField):
            bounds = [
                datetime(day.year, day.month, day.day, tzinfo=get_current_timezone())
                for day in bounds
            ]
        known = known.filter(**{f"{field}__gte": bounds[0], f"{field}__lt": bounds[1]})
    ends = [
        known.order_by(order).values_list(field, flat=True).first()
        for order in (field, f"-{field}")
    ]
    return None if None in ends else (_day(ends[0]), _day(ends[1]))


def _first_of(chosen: tuple[int, ...]) -> date:
    year, month, day = (*chosen, 1, 1)[:3]
    return date(year, month, day)


def _after(chosen: tuple[int, ...]) -> date:
    """The first day after the chosen year or month."""
    month = chosen[1] if len(chosen) > 1 else 12
    return date(min(chosen[0] + month // 12, date.max.year), month % 12 + 1, 1)


def _between(first: date, last: date, *, level: int) -> list[date]:
    """A day in each year, month, or on each day, from the first to the last."""
    if level == 0:
        return [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    if level == 1:
        return [date(first.year, month, 1) for month in range(first.month, last.month + 1)]
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(moment: Any) -> date:
    if isinstance(moment, datetime):
        return localtime(moment).date()
    day: date = moment
    return day


def _shown(day: date, style: str) -> str:
    return str(capfirst(date_format(day, style)))
