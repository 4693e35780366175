"""Numbers, months and days as people read them, in the language of the request."""

from __future__ import annotations

from datetime import date

from django.utils.dates import MONTHS_3
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from stats.charts.geometry import text_width

THOUSAND, MILLION, MILLIARD = 10**3, 10**6, 10**9


def exact(value: float) -> str:
    """`1,000,000`; halves and hundredths keep their decimals."""
    decimals = 0 if value == int(value) else len(f"{value:.2f}".rstrip("0").split(".")[1])
    return number_format(value, decimal_pos=decimals, force_grouping=True)


def short(value: float) -> str:
    """`1.2M`, where there is no room for all digits."""
    for unit, text in (
        (MILLIARD, _("%(number)sB")),
        (MILLION, _("%(number)sM")),
        (THOUSAND, _("%(number)sk")),
    ):
        # What would be written as a thousand of the smaller unit is one of the greater.
        if value >= unit * 0.9995:
            part = value / unit
            return text % {"number": exact(round(part, 1) if part < 100 else round(part))}
    return exact(value)


def fitting(value: float, size: float, room: float) -> str:
    """All digits if there is room for them."""
    digits = exact(value)
    return digits if text_width(digits, size) <= room else short(value)


def stars(name: str) -> str:
    """`4.5` as `4½`, which is short and the same in every language."""
    whole, half = name.split(".")
    return (whole if whole != "0" or half == "0" else "") + ("½" if half == "5" else "")


def month_of(name: str) -> date:
    """The first day of `2026-11`."""
    return date.fromisoformat(f"{name}-01")


def long_month(first: date) -> str:
    """`November 2026`."""
    return date_format(first, "YEAR_MONTH_FORMAT")


def short_month(first: date) -> str:
    """`Nov`."""
    return str(MONTHS_3[first.month]).capitalize()


def long_day(day: str | None) -> str:
    """`20 November 2026`, as the language writes it."""
    return date_format(date.fromisoformat(day), "DATE_FORMAT") if day else ""
