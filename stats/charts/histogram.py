"""How many ratings there are of each kind, from half a star to five."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.charts import words
from stats.charts.frame import heading, nothing
from stats.charts.geometry import Scale
from stats.charts.svg import (
    MARGIN,
    SMALL_SIZE,
    WIDTH,
    Markup,
    column,
    document,
    group,
    label,
    rule,
)

TOP, FLOOR, HEIGHT = 92, 270, 312
GAP = 10


def histogram_chart(
    spread: Mapping[str, int], *, title: str, mean: float | None = None, name: str = "histogram"
) -> str:
    """The chart of a spread as `book_figures` and `reader_figures` have it.

    Arguments:
        spread: numbers of ratings by stars, `"0.5"` to `"5.0"`, in that order.
        mean: the mean in stars, if there is one.
    """
    total = sum(spread.values())
    under = _summary(total, mean)
    slot = (WIDTH - 2 * MARGIN) / max(len(spread), 1)
    greatest = max(spread.values(), default=0)
    scale = Scale(float(max(greatest, 1)), ())
    bars: list[Markup] = []
    for index, (stars, count) in enumerate(spread.items()):
        x = MARGIN + index * slot
        height = scale.length(count, FLOOR - TOP)
        middle = x + slot / 2
        if height:
            tip = _line(stars, count)
            bars.append(column(x + GAP / 2, FLOOR, slot - GAP, height, says=tip))
        if total:
            digits = words.fitting(count, SMALL_SIZE, slot)
            ink = "ink" if count else "soft"
            bars.append(
                label(middle, FLOOR - height - 6, digits, ink=ink, size=SMALL_SIZE, anchor="middle")
            )
        bars.append(label(middle, FLOOR + 18, words.stars(stars), ink="soft", anchor="middle"))
    body = [
        *heading(title, under),
        *([] if total else [nothing(_("No ratings yet"), (TOP + FLOOR) / 2)]),
        group(bars),
        rule(MARGIN, FLOOR + 0.5, WIDTH - MARGIN, FLOOR + 0.5),
        label(WIDTH / 2, FLOOR + 35, _("Stars"), ink="soft", size=SMALL_SIZE, anchor="middle"),
    ]
    says = [under, *(_line(stars, count) for stars, count in spread.items() if total)]
    return document(name=name, title=title, says=says, body=body, height=HEIGHT)


def _summary(total: int, mean: float | None) -> str:
    if not total:
        return _("No ratings yet.")
    ratings = ngettext("%(number)s rating", "%(number)s ratings", total) % {
        "number": words.exact(total)
    }
    if mean is None:
        return ratings + "."
    return _("%(ratings)s, average %(mean)s of 5 stars.") % {
        "ratings": ratings,
        "mean": words.exact(mean),
    }


def _line(stars: str, count: int) -> str:
    value = float(stars)
    return ngettext(
        "%(stars)s star: %(number)s", "%(stars)s stars: %(number)s", 1 if value == 1 else 2
    ) % {"stars": words.exact(value), "number": words.exact(count)}
