"""How far a club came: its list by status, and the days it took over its latest books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookbridge.kernel.shapes import Json
from stats.charts import words
from stats.charts.frame import ROOM, ROW, Row, heading, nothing, rows
from stats.charts.geometry import scale_for, text_width
from stats.charts.svg import LINE, MARGIN, SMALL_SIZE, Markup, block, document, label

#: From what is done to what is not yet; and what never will be.
STATUSES = {
    "finished": (gettext_lazy("Finished"), "first"),
    "reading": (gettext_lazy("Reading"), "second"),
    "planned": (gettext_lazy("Planned"), "third"),
    "proposed": (gettext_lazy("Proposed"), "fourth"),
    "dropped": (gettext_lazy("Dropped"), "fifth"),
}
ROWS_SHOWN = 12
BAND_TOP, BAND = 76, 22
LEGEND = BAND_TOP + BAND + 24
#: From the legend to the books.
BOOKS = 38
FOOT = 20
#: A part of the band that is not nothing is seen, whatever its share.
LEAST_PART, GAP = 3.0, 2.0


def completion_chart(figures: Json, *, title: str, name: str = "completion") -> str:
    """The chart of what `club_figures` says of the list."""
    by_status: Mapping[str, int] = figures["by_status"]
    total = sum(by_status.values())
    under = _summary(figures["books_finished"], total)
    found = [_row(entry) for entry in _latest(figures["completion"])]
    body: list[Markup] = heading(title, under)
    if not total:
        body.append(block(MARGIN, BAND_TOP, ROOM, BAND, ink="empty", round_=3))
        body.append(nothing(_("No books on the list yet"), LEGEND + 24))
        return document(name=name, title=title, says=[under], body=body, height=LEGEND + 60)
    legend, foot = _legend(by_status)
    body += [*_band(by_status, total), *legend]
    says = [under, *(_status_in_words(status, by_status.get(status, 0)) for status in STATUSES)]
    height = foot + FOOT
    if found:
        longest = max((row.value or 0 for row in found), default=0)
        heading_of_rows = _("The latest books, and the days from start to finish")
        body.append(label(MARGIN, foot + BOOKS, heading_of_rows, weight=600))
        body += rows(found, scale_for(longest), foot + BOOKS + 10)
        says += [heading_of_rows + ":", *(f"{row.name}: {row.words}." for row in found)]
        height = foot + BOOKS + 10 + len(found) * ROW + FOOT
    return document(name=name, title=title, says=says, body=body, height=height)


def _band(by_status: Mapping[str, int], total: int) -> list[Markup]:
    """The list as one bar, parted by status."""
    shown = {status: by_status[status] for status in STATUSES if by_status.get(status)}
    room = ROOM - GAP * (len(shown) - 1) - LEAST_PART * len(shown)
    drawn: list[Markup] = []
    x = float(MARGIN)
    for status, count in shown.items():
        width = LEAST_PART + room * count / total
        says = _status_in_words(status, count)
        drawn.append(block(x, BAND_TOP, width, BAND, ink=STATUSES[status][1], says=says, round_=3))
        x += width + GAP
    return drawn


def _legend(by_status: Mapping[str, int]) -> tuple[list[Markup], float]:
    """Which colour is which status, with its number, in as many lines as it takes."""
    drawn: list[Markup] = []
    x, y = float(MARGIN), float(LEGEND)
    for status, (_name, ink) in STATUSES.items():
        text = _status_in_words(status, by_status.get(status, 0)).rstrip(".")
        width = 15 + text_width(text, SMALL_SIZE)
        if x + width > MARGIN + ROOM:
            x, y = float(MARGIN), y + LINE
        drawn.append(block(x, y - 9, 10, 10, ink=ink))
        drawn.append(label(x + 15, y, text, ink="soft", size=SMALL_SIZE))
        x += width + 16
    return drawn, y


def _latest(completion: Sequence[Json]) -> list[Json]:
    """The books that were begun, the latest first."""
    begun = [row for row in completion if row["started_on"] or row["finished_on"]]
    return sorted(
        begun,
        key=lambda row: (max(row["started_on"] or "", row["finished_on"] or ""), row["entry"]),
        reverse=True,
    )[:ROWS_SHOWN]


def _row(entry: Json) -> Row:
    ink = STATUSES.get(entry["status"], STATUSES["finished"])[1]
    days = entry["days"]
    if days is not None:
        text = ngettext("%(number)s day", "%(number)s days", days) % {"number": words.exact(days)}
    elif entry["status"] == "reading" and entry["started_on"]:
        text = _("reading since %(day)s") % {"day": words.long_day(entry["started_on"])}
    elif entry["finished_on"]:
        text = _("finished on %(day)s") % {"day": words.long_day(entry["finished_on"])}
    else:
        text = _("begun on %(day)s") % {"day": words.long_day(entry["started_on"])}
    return Row(entry["title"], days, text, ink)


def _summary(finished: int, total: int) -> str:
    if not total:
        return _("No books on the list yet.")
    return ngettext(
        "%(finished)s of %(number)s book finished.",
        "%(finished)s of %(number)s books finished.",
        total,
    ) % {"finished": words.exact(finished), "number": words.exact(total)}


def _status_in_words(status: str, count: int) -> str:
    return _("%(status)s: %(number)s.") % {
        "status": STATUSES[status][0],
        "number": words.exact(count),
    }
