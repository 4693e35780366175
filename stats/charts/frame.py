"""What charts have in common: the title on top, the word for nothing, rows with a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stats.charts.geometry import Scale, fitted
from stats.charts.svg import (
    MARGIN,
    SMALL_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    WIDTH,
    Markup,
    block,
    element,
    label,
    plain,
)

ROOM = WIDTH - 2 * MARGIN
ROW = 26
#: How much wider bold letters are.
BOLD = 1.15
#: Where names end and bars begin, and where bars end and what they say begins.
NAMES_END, BARS_END = 270, 420


def heading(title: str, under: str) -> list[Markup]:
    """The title, and one line below it."""
    return [
        label(MARGIN, 34, _cut(title, TITLE_SIZE * BOLD), size=TITLE_SIZE, weight=600),
        label(MARGIN, 56, _cut(under, TEXT_SIZE), ink="soft"),
    ]


def _cut(text: str, size: float) -> str:
    return fitted(plain(text), size, ROOM)


def nothing(text: str, y: float) -> Markup:
    """What stands where the bars would be."""
    return label(WIDTH / 2, y, text, ink="soft", size=14, anchor="middle")


@dataclass(frozen=True)
class Row:
    """One named bar; without a value the words stand alone."""

    name: str
    value: float | None
    words: str
    ink: str = "first"


def rows(found: Sequence[Row], scale: Scale, top: float) -> list[Markup]:
    """Bars below each other, with their names on the left and their words on the right."""
    drawn: list[Markup] = []
    for index, row in enumerate(found):
        y = top + index * ROW
        name = plain(row.name)
        cut = fitted(name, TEXT_SIZE, NAMES_END - MARGIN - 14)
        text = label(MARGIN, y + 16, cut)
        says = f"{name}: {row.words}"
        drawn.append(element("g", element("title", plain(says)), text))
        words_at: float = NAMES_END
        if row.value is not None:
            length = scale.length(row.value, BARS_END - NAMES_END)
            drawn.append(block(NAMES_END, y + 5, length, 14, ink=row.ink, says=says, round_=3))
            words_at += length + 8
        words = fitted(row.words, SMALL_SIZE, WIDTH - MARGIN - words_at)
        drawn.append(label(words_at, y + 16, words, ink="soft", size=SMALL_SIZE))
    return drawn
