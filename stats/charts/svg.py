"""Writing SVG: elements whose texts are escaped, and the frame that every chart has.

A text that is not `Markup` is data and is escaped wherever it goes. What XML cannot hold at all
(most control characters, lone surrogates) and what would turn the order of letters around in the
rest of a line is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from django.utils.translation import get_language

from stats.charts.geometry import number
from stats.charts.style import LIGHT, STYLE

WIDTH = 640
MARGIN = 20
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 16, 12, 11
LINE = 18

_OUTSIDE_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_QUOTES = {'"': "&quot;", "'": "&apos;"}


class Markup(str):
    """Text that is SVG already."""

    __slots__ = ()


def plain(text: object) -> str:
    """A text without what XML cannot hold, on one line."""
    clean = _TURNING.sub("", _OUTSIDE_XML.sub("", str(text)))
    return " ".join(clean.split())


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """One element; `class_` and `stroke_width` are written `class` and `stroke-width`."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(
        child if isinstance(child, Markup) else escape(_OUTSIDE_XML.sub("", child))
        for child in children
    )
    return Markup(f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>")


def _attribute(value: object) -> str:
    if isinstance(value, float | int):
        return number(value)
    return escape(_OUTSIDE_XML.sub("", str(value)), _QUOTES)


def group(children: Iterable[str], **attributes: object) -> Markup:
    """Elements together."""
    return element("g", *children, **attributes)


def label(
    x: float,
    y: float,
    text: str,
    *,
    ink: str = "ink",
    size: int = TEXT_SIZE,
    anchor: str | None = None,
    weight: int | None = None,
) -> Markup:
    """A text whose base line is at `y`."""
    return element(
        "text",
        plain(text),
        class_=f"bb-{ink}",
        fill=LIGHT[ink],
        x=x,
        y=y,
        font_size=size,
        font_family="sans-serif",
        font_weight=weight,
        text_anchor=anchor,
    )


def block(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    ink: str = "first",
    says: str = "",
    round_: float = 2,
) -> Markup:
    """A bar; what it `says` appears under the pointer."""
    tip = [element("title", plain(says))] if says else []
    return element(
        "rect",
        *tip,
        class_=f"bb-{ink}",
        fill=LIGHT[ink],
        x=x,
        y=y,
        width=width,
        height=height,
        rx=min(round_, width / 2, height / 2) or None,
    )


def column(
    x: float, floor: float, width: float, height: float, *, ink: str = "first", says: str = ""
) -> Markup:
    """A bar that stands on the floor: only its head is round."""
    bend = min(3.0, width / 2, height)
    head, right = floor - height, x + width
    steps = (
        ("M", x, floor), ("V", head + bend), ("Q", x, head, x + bend, head),
        ("H", right - bend), ("Q", right, head, right, head + bend), ("V", floor),
    )  # fmt: skip
    path = "".join(f"{letter}{' '.join(map(number, to))}" for letter, *to in steps) + "Z"
    tip = element("title", plain(says))
    return element("path", tip, class_=f"bb-{ink}", fill=LIGHT[ink], d=path)


def rule(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """A line of the grid."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=LIGHT["line"], stroke_width=1)


def document(
    *, name: str, title: str, says: Sequence[str], body: Iterable[str], height: float
) -> str:
    """The whole chart.

    Arguments:
        name: unique on a page that holds several charts; ids begin with it.
        title: what it shows, for everybody.
        says: the numbers in words, a sentence each, for whoever does not see the chart.
        body: what is drawn below the place of the title.
    """
    title_id, text_id = f"{name}-title", f"{name}-text"
    return element(
        "svg",
        element("title", plain(title), id=title_id),
        element("desc", "\n".join(map(plain, says)), id=text_id),
        element("style", Markup(STYLE)),
        block(0, 0, WIDTH, height, ink="paper", round_=0),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        class_="bb-chart",
        role="img",
        aria_labelledby=title_id,
        aria_describedby=text_id,
        lang=get_language() or "en",
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
        width=WIDTH,
        height=height,
    )
