"""The parts of charts: scales, the room of texts, words for numbers, colours."""

from __future__ import annotations

import base64
from hashlib import sha256
from itertools import pairwise

import pytest

from stats.charts import STYLE, STYLE_SOURCE
from stats.charts.geometry import fitted, scale_for, text_width
from stats.charts.style import INKS
from stats.charts.words import short, stars

MILLION = 1_000_000


class TestParts:
    """Scales, room, words, colours."""

    @pytest.mark.parametrize("greatest", [1, 2, 3, 7, 10, 11, 99, 1000, 123_456, MILLION, 10**12])
    @pytest.mark.parametrize("ticks", [2, 3, 4])
    def test_a_scale_is_round_and_reaches_the_top(self, greatest: int, ticks: int) -> None:
        scale = scale_for(greatest, ticks=ticks)
        assert scale.top >= greatest
        assert scale.top < greatest * 2 or greatest < ticks
        assert 2 <= len(scale.ticks) <= ticks + 1
        steps = {after - before for before, after in pairwise(scale.ticks)}
        assert len(steps) == 1
        assert str(int(steps.pop())).rstrip("0") in ("1", "2", "5")

    def test_nothing_has_no_length(self) -> None:
        scale = scale_for(0)
        assert scale.length(0, 100) == 0
        assert scale_for(MILLION).length(1, 100) > 1

    def test_short_numbers(self) -> None:
        found = [short(n) for n in (0, 999, 1000, 1250, 99_999, 999_499, 999_999, MILLION, 2e9)]
        assert found == ["0", "999", "1k", "1.2k", "100k", "999k", "1M", "1M", "2B"]

    def test_stars(self) -> None:
        assert [stars(name) for name in ("0.5", "1.0", "4.5")] == ["½", "1", "4½"]

    def test_long_texts_are_cut_and_short_ones_are_not(self) -> None:
        assert fitted("Dom Casmurro", 12, 200) == "Dom Casmurro"
        cut = fitted("Dom Casmurro " * 9, 12, 100)
        assert cut.endswith("…")
        assert text_width(cut, 12) <= 100
        assert text_width("e\u0301", 12) == text_width("e", 12)

    def test_the_policy_names_the_style(self) -> None:
        digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
        assert f"'sha256-{digest}'" == STYLE_SOURCE
        assert "<" not in STYLE
        assert "&" not in STYLE

    @pytest.mark.parametrize("which", [0, 1], ids=["light", "dark"])
    def test_the_colours_are_told_apart(self, which: int) -> None:
        paper = INKS["paper"][which]
        for name, needed in (("ink", 7.0), ("soft", 4.5)):
            assert contrast(INKS[name][which], paper) >= needed, name
        for name in ("first", "second", "third", "fourth", "fifth"):
            assert contrast(INKS[name][which], paper) >= 3, name


def contrast(one: str, other: str) -> float:
    """As of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
