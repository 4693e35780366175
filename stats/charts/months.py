"""Month by month: one panel for each thing that was counted, each with its own scale.

A platform counts thousands of reviews where it counts tens of finished books; on one scale the
smaller would be a line on the floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookbridge.kernel.shapes import Json
from stats.charts import words
from stats.charts.frame import heading, nothing
from stats.charts.geometry import Scale, scale_for
from stats.charts.svg import MARGIN, SMALL_SIZE, WIDTH, Markup, column, document, label, rule

#: What is counted in a month, in the order of the panels, with its colour.
COUNTED = {
    "reviews": (gettext_lazy("Reviews"), "first"),
    "books_finished": (gettext_lazy("Books finished"), "second"),
    "members_joined": (gettext_lazy("Members joined"), "third"),
}
FIRST_PANEL, PANEL, BARS = 78, 142, 92
LEFT, RIGHT = MARGIN + 40, WIDTH - MARGIN
FOOT = 48
#: Up to so many months each has its name below it; of more only the first of a quarter.
ALL_NAMED = 12


@dataclass(frozen=True)
class Axis:
    """Where each month stands."""

    months: tuple[date, ...]

    @property
    def slot(self) -> float:
        """The width of a month."""
        return (RIGHT - LEFT) / max(len(self.months), 1)

    def left(self, index: int) -> float:
        """Where a month begins."""
        return LEFT + index * self.slot


def months_chart(by_month: Sequence[Json], *, title: str, name: str = "months") -> str:
    """The chart of a `by_month` as all statistics have it, the oldest month first."""
    axis = Axis(tuple(words.month_of(row["month"]) for row in by_month))
    kinds = [kind for kind in COUNTED if by_month and kind in by_month[0]]
    under = _span(axis)
    body: list[Markup] = heading(title, under)
    says = [under]
    for index, kind in enumerate(kinds):
        counts = [row[kind] for row in by_month]
        body += _panel(kind, counts, axis, FIRST_PANEL + index * PANEL)
        says += _in_words(kind, counts, axis)
    if not kinds:
        body.append(nothing(_("Nothing yet"), FIRST_PANEL + PANEL / 2))
    floor = FIRST_PANEL + max(len(kinds), 1) * PANEL - (PANEL - BARS - 24)
    body += _names(axis, floor)
    return document(name=name, title=title, says=says, body=body, height=floor + FOOT)


def _panel(kind: str, counts: Sequence[int], axis: Axis, top: float) -> list[Markup]:
    """One thing counted: its name and sum, the grid, the bars."""
    text, ink = COUNTED[kind]
    scale = scale_for(max(counts), ticks=3)
    roof, floor = top + 24, top + 24 + BARS
    drawn = [label(MARGIN, top + 10, _heading(kind, counts), weight=600)]
    if not any(counts):
        drawn.append(nothing(_("Nothing yet"), (roof + floor) / 2 + 5))
        drawn.append(rule(LEFT, floor + 0.5, RIGHT, floor + 0.5))
        return drawn
    drawn += _grid(scale, roof, floor)
    # Thin gaps, and bars that do not grow into walls where there are few.
    width = min(axis.slot * 0.78, 48)
    for index, count in enumerate(counts):
        height = scale.length(count, BARS)
        x = axis.left(index) + (axis.slot - width) / 2
        if height:
            says = _month_in_words(axis.months[index], count)
            drawn.append(column(x, floor, width, height, ink=ink, says=says))
    return drawn


def _grid(scale: Scale, roof: float, floor: float) -> list[Markup]:
    drawn: list[Markup] = []
    for tick in scale.ticks:
        y = round(floor - scale.part(tick) * (floor - roof)) + 0.5
        drawn.append(rule(LEFT, y, RIGHT, y))
        drawn.append(
            label(LEFT - 8, y + 3.5, words.short(tick), ink="soft", size=SMALL_SIZE, anchor="end")
        )
    return drawn


def _names(axis: Axis, floor: float) -> list[Markup]:
    """The months below the last panel, and the year below the first of each."""
    drawn: list[Markup] = []
    shown_year = None
    for index, first in enumerate(axis.months):
        if len(axis.months) > ALL_NAMED and first.month % 3 != 1:
            continue
        x = axis.left(index) + axis.slot / 2
        month = words.short_month(first)
        drawn.append(label(x, floor + 16, month, ink="soft", size=SMALL_SIZE, anchor="middle"))
        if first.year != shown_year:
            shown_year = first.year
            year = str(first.year)
            drawn.append(label(x, floor + 31, year, ink="soft", size=SMALL_SIZE, anchor="middle"))
    return drawn


def _span(axis: Axis) -> str:
    if not axis.months:
        return _("Nothing yet.")
    return _("%(first)s to %(last)s.") % {
        "first": words.long_month(axis.months[0]),
        "last": words.long_month(axis.months[-1]),
    }


def _heading(kind: str, counts: Sequence[int]) -> str:
    return _("%(counted)s: %(number)s") % {
        "counted": COUNTED[kind][0],
        "number": words.exact(sum(counts)),
    }


def _month_in_words(first: date, count: int) -> str:
    return _("%(month)s: %(number)s") % {
        "month": words.long_month(first),
        "number": words.exact(count),
    }


def _in_words(kind: str, counts: Sequence[int], axis: Axis) -> list[str]:
    """The sum, and every month."""
    pairs = zip(axis.months, counts, strict=True)
    months = "; ".join(_month_in_words(first, count) for first, count in pairs)
    return [_heading(kind, counts) + ".", months + "."]
