"""Scales, and how much room a text takes, without a look at any font."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

ELLIPSIS = "…"
#: Of the size of the font, as broad fonts without serifs have it: too much is better than cut.
NARROW, MIDDLE, CAPITAL, WIDE = 0.38, 0.62, 0.72, 1.05
_NARROW_LETTERS = frozenset("fijlrtI.,:;'|!()[]{} /-")
_BROAD_LETTERS = frozenset("mwMWQO@%&—")


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@dataclass(frozen=True)
class Scale:
    """From 0 to a round number not below any value, in whole steps."""

    top: float
    ticks: tuple[float, ...]

    def part(self, value: float) -> float:
        """Where `value` stands: 0 at the foot, 1 at the top."""
        return min(max(value / self.top, 0.0), 1.0)

    def length(self, value: float, of: float) -> float:
        """The length of a bar; what is not nothing is seen."""
        return max(self.part(value) * of, 1.5) if value > 0 else 0.0


def scale_for(greatest: float, *, ticks: int = 4) -> Scale:
    """The scale of whole numbers with at most so many steps for values up to `greatest`."""
    if greatest <= 0:
        return Scale(1.0, (0.0,))
    step = 1
    while step * ticks < greatest:
        # 1, 2, 5, 10, 20, 50 ...
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    count = -(-int(-(-greatest // 1)) // step)
    return Scale(float(step * count), tuple(float(step * index) for index in range(count + 1)))


def text_width(text: str, size: float) -> float:
    """About how wide a text is."""
    return sum(map(_letter_width, text)) * size


def _letter_width(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    if letter in _NARROW_LETTERS:
        return NARROW
    if unicodedata.east_asian_width(letter) in "WF":
        return WIDE
    if letter in _BROAD_LETTERS:
        return WIDE * 0.9
    return CAPITAL if letter.isupper() else MIDDLE


def fitted(text: str, size: float, room: float) -> str:
    """As much of the text as fits into `room`, with an ellipsis where it was cut."""
    if text_width(text, size) <= room:
        return text
    room -= text_width(ELLIPSIS, size)
    kept = 0.0
    for index, letter in enumerate(text):
        kept += _letter_width(letter) * size
        if kept > room:
            return text[:index].rstrip() + ELLIPSIS
    return text
