"""The best rated books of the platform."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbridge.kernel.shapes import Json
from stats.charts import words
from stats.charts.frame import ROW, Row, heading, nothing, rows
from stats.charts.geometry import Scale
from stats.charts.svg import Markup, document

TOP, FOOT = 78, 22
STARS = Scale(5.0, (0.0, 5.0))


def ranking_chart(top_books: Sequence[Json], *, title: str, name: str = "top-books") -> str:
    """The chart of `top_books` as `site_figures` has them."""
    under = (
        _("Weighted mean in stars, and the number of ratings.")
        if top_books
        else _("No ratings yet.")
    )
    found = [Row(_name(book), book["weighted_mean"], _words(book)) for book in top_books]
    body: list[Markup] = [*heading(title, under), *rows(found, STARS, TOP)]
    if not found:
        body.append(nothing(_("No ratings yet"), TOP + ROW * 1.5))
    says = [under, *(f"{place}. {row.name}: {row.words}" for place, row in enumerate(found, 1))]
    height = TOP + max(len(found), 3) * ROW + FOOT
    return document(name=name, title=title, says=says, body=body, height=height)


def _name(book: Json) -> str:
    names: list[str] = [author["name"] for author in book["authors"]]
    return f"{book['title']} · {', '.join(names)}" if names else str(book["title"])


def _words(book: Json) -> str:
    count = book["rating_count"]
    return ngettext(
        "%(mean)s from %(number)s rating", "%(mean)s from %(number)s ratings", count
    ) % {"mean": words.exact(book["weighted_mean"]), "number": words.exact(count)}
