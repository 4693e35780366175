"""Charts are well-formed, say the same in words as in bars, and stand any data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import translation

from bookbridge.kernel.shapes import Json
from stats.charts import (
    STYLE,
    completion_chart,
    histogram_chart,
    months_chart,
    ranking_chart,
)
from stats.charts.geometry import number, text_width
from stats.charts.words import exact

SVG = "{http://www.w3.org/2000/svg}"
STARS = [f"{half_stars / 2:.1f}" for half_stars in range(1, 11)]
HOSTILE = (
    '</title><script>alert(\'1\')</script>" onload="x" & ]]> <!-- \x00\x08\x1b\ufffe\ud800 '
    "\u202eturned\u2066 %(club)s %s {0} " + "long " * 200
)
MILLION = 1_000_000


def spread(*counts: int) -> dict[str, int]:
    return dict(zip(STARS, counts or (0,) * 10, strict=True))


def months(*counts: int, kinds: tuple[str, ...] = ("reviews",)) -> list[Json]:
    return [
        {"month": f"{2025 + index // 12}-{index % 12 + 1:02d}"} | dict.fromkeys(kinds, count)
        for index, count in enumerate(counts)
    ]


def entry(number: int = 1, **fields: Any) -> Json:
    return {
        "entry": number,
        "book": number,
        "title": f"Book {number}",
        "status": "finished",
        "started_on": "2026-01-01",
        "finished_on": "2026-01-11",
        "days": 10,
    } | fields


def club(*entries: Json, **by_status: int) -> Json:
    counts = dict.fromkeys(("proposed", "planned", "reading", "finished", "dropped"), 0)
    return {
        "books_finished": by_status.get("finished", 0),
        "by_status": counts | by_status,
        "completion": list(entries),
    }


def top(count: int = 1, mean: float = 4.5, title: str = "Dom Casmurro") -> Json:
    author = {"id": 1, "name": "Machado de Assis"}
    return {"title": title, "authors": [author], "rating_count": count, "weighted_mean": mean}


DRAWN: dict[str, Callable[[str], str]] = {
    "histogram empty": lambda title: histogram_chart(spread(), title=title),
    "histogram one": lambda title: histogram_chart(spread(*[0] * 9, 1), title=title, mean=5.0),
    "histogram huge": lambda title: histogram_chart(
        spread(1, *[MILLION] * 9), title=title, mean=3.0
    ),
    "months none": lambda title: months_chart([], title=title),
    "months empty": lambda title: months_chart(months(*[0] * 24), title=title),
    "months one": lambda title: months_chart(months(1), title=title),
    "months huge": lambda title: months_chart(
        months(*[MILLION, 0, 1] * 8, kinds=("reviews", "books_finished", "members_joined")),
        title=title,
    ),
    "completion empty": lambda title: completion_chart(club(), title=title),
    "completion one": lambda title: completion_chart(club(entry(), finished=1), title=title),
    "completion huge": lambda title: completion_chart(
        club(
            *(entry(n, title=f"{title} {n}", days=n * 1000) for n in range(500)),
            finished=MILLION,
            dropped=1,
        ),
        title=title,
    ),
    "ranking empty": lambda title: ranking_chart([], title=title),
    "ranking one": lambda title: ranking_chart([top(title=title)], title=title),
    "ranking huge": lambda title: ranking_chart([top(MILLION)] * 10, title=title),
}


def parsed(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(chart.encode())


def words_of(chart: str) -> str:
    found = parsed(chart).find(f"{SVG}desc")
    assert found is not None
    return found.text or ""


def bars(chart: str, ink: str = "first") -> list[ElementTree.Element]:
    return [bar for bar in parsed(chart).iter(f"{SVG}path") if bar.get("class") == f"bb-{ink}"]


def height_of(bar: ElementTree.Element) -> float:
    levels = [float(y) for y in re.findall(r"[MQ][\d.]+ ([\d.]+)", bar.get("d") or "")]
    return levels[0] - min(levels)


def numbers(element: ElementTree.Element) -> Iterator[float]:
    for name in ("x", "y", "width", "height", "x1", "y1", "x2", "y2"):
        if name in element.attrib:
            yield float(element.attrib[name])


@pytest.mark.parametrize("language", ["en", "pt-br"])
@pytest.mark.parametrize("title", ["Plain", HOSTILE, "", "百年の孤独" * 40], ids=str.__len__)
@pytest.mark.parametrize("kind", DRAWN)
class TestEveryChart:
    """Whatever the data and the titles."""

    def test_it_is_well_formed_and_holds_nothing_that_runs(
        self, kind: str, title: str, language: str
    ) -> None:
        with translation.override(language):
            chart = DRAWN[kind](title)
        root = parsed(chart)
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
            *("svg", "title", "desc", "style", "g", "rect", "path", "line", "text")
        }
        for each in root.iter():
            assert not [name for name in each.attrib if name.startswith("on") or "href" in name]
        assert len(chart) < 60_000

    def test_it_says_what_it_is(self, kind: str, title: str, language: str) -> None:
        with translation.override(language):
            root = parsed(DRAWN[kind](title))
        assert root.get("role") == "img"
        assert root.get("lang") == language
        ids = {each.get("id"): each for each in root.iter() if each.get("id")}
        named = ids[root.get("aria-labelledby")]
        described = ids[root.get("aria-describedby")]
        assert named.tag == f"{SVG}title"
        assert described.tag == f"{SVG}desc"
        assert (described.text or "").strip()
        assert [child.tag for child in root][:3] == [f"{SVG}title", f"{SVG}desc", f"{SVG}style"]
        assert root.findtext(f"{SVG}style") == STYLE

    def test_nothing_is_drawn_outside(self, kind: str, title: str, language: str) -> None:
        with translation.override(language):
            root = parsed(DRAWN[kind](title))
        width, height = float(root.get("width") or 0), float(root.get("height") or 0)
        assert root.get("viewBox") == f"0 0 {number(width)} {number(height)}"
        for each in root.iter():
            assert all(0 <= value <= max(width, height) for value in numbers(each))
            if each.tag == f"{SVG}rect":
                assert float(each.attrib["x"]) + float(each.attrib["width"]) <= width
                assert float(each.attrib["y"]) + float(each.attrib["height"]) <= height
            if each.tag == f"{SVG}text" and not each.get("text-anchor"):
                size = float(each.attrib["font-size"])
                wide = text_width(each.text or "", size)
                assert float(each.attrib["x"]) + wide <= width, each.text


class TestNumbers:
    """The words and the bars tell the numbers they were given."""

    def test_a_histogram(self) -> None:
        counts = (1, 0, 2, 40, 500, 6000, 70_000, 800_000, 999_999, MILLION)
        chart = histogram_chart(spread(*counts), title="t", mean=4.37)
        lines = words_of(chart).split("\n")
        assert lines[0] == "2,876,542 ratings, average 4.37 of 5 stars."
        assert lines[2] == "1 star: 0"
        assert [line.split(": ")[1] for line in lines[1:]] == [f"{count:,}" for count in counts]
        heights = [height_of(bar) for bar in bars(chart)]
        assert len(heights) == 9  # none for zero
        assert heights == sorted(heights)
        assert heights[0] > 1
        assert heights[-2] / heights[-1] == pytest.approx(0.999999, abs=0.001)

    def test_a_single_rating(self) -> None:
        chart = histogram_chart(spread(*[0] * 9, 1), title="t", mean=5.0)
        assert words_of(chart).startswith("1 rating, average 5 of 5 stars.")
        assert len(bars(chart)) == 1

    def test_the_same_counts_give_the_same_heights(self) -> None:
        heights = {height_of(bar) for bar in bars(histogram_chart(spread(*[7] * 10), title="t"))}
        assert len(heights) == 1

    def test_months(self) -> None:
        counts = [0, 1, MILLION, *range(21)]
        chart = months_chart(months(*counts), title="t")
        text = words_of(chart)
        assert text.startswith("January 2025 to December 2026.\nReviews: 1,000,211.\n")
        assert "March 2025: 1,000,000;" in text
        assert [int(n.replace(",", "")) for n in re.findall(r"\d{4}: ([\d,]+)", text)] == counts
        assert len(bars(chart)) == sum(count > 0 for count in counts)

    def test_each_thing_counted_has_its_own_scale(self) -> None:
        rows = months(3, MILLION, kinds=("reviews", "books_finished"))
        rows[0]["books_finished"], rows[1]["books_finished"] = 1, 2
        chart = months_chart(rows, title="t")
        tallest = [max(map(height_of, bars(chart, ink))) for ink in ("first", "second")]
        assert tallest[0] == tallest[1]

    def test_completion(self) -> None:
        found = club(
            entry(1, days=10),
            entry(2, status="reading", finished_on=None, days=None, started_on="2026-10-01"),
            entry(3, started_on=None, days=None),
            entry(4, status="dropped", finished_on=None, days=None),
            entry(5, status="planned", started_on=None, finished_on=None, days=None),
            entry(6, days=1, finished_on="2026-01-02"),
            finished=3,
            reading=1,
            dropped=1,
            planned=1,
        )
        lines = words_of(completion_chart(found, title="t")).split("\n")
        assert lines[:3] == ["3 of 6 books finished.", "Finished: 3.", "Reading: 1."]
        assert lines[7:] == [
            "Book 2: reading since Oct. 1, 2026.",
            "Book 3: finished on Jan. 11, 2026.",
            "Book 1: 10 days.",
            "Book 6: 1 day.",
            "Book 4: begun on Jan. 1, 2026.",
        ]

    def test_the_band_is_parted_as_the_list_is(self) -> None:
        chart = completion_chart(club(finished=300, planned=100, dropped=1), title="t")
        widths = {
            bar.get("class"): float(bar.attrib["width"])
            for bar in parsed(chart).iter(f"{SVG}rect")
            if bar.get("height") == "22"
        }
        assert widths["bb-first"] / widths["bb-third"] == pytest.approx(3, rel=0.05)
        assert widths["bb-fifth"] >= 3
        assert sum(widths.values()) + 4 == pytest.approx(600, abs=0.1)

    def test_ranking(self) -> None:
        text = words_of(ranking_chart([top(MILLION, 4.71), top(1, 3.6, "B")], title="t"))
        assert "1. Dom Casmurro · Machado de Assis: 4.71 from 1,000,000 ratings" in text
        assert "2. B · Machado de Assis: 3.6 from 1 rating" in text

    def test_in_portuguese(self) -> None:
        with translation.override("pt-br"):
            chart = months_chart(months(1000), title="t")
            assert exact(1234567.5) == "1.234.567,5"
        assert "de 2025: 1.000" in words_of(chart)
