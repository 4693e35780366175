"""The pictures of docs/performance.md: SVG as text, in the style of the charts of the API."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from stats.charts.geometry import fitted, number
from stats.charts.style import STYLE
from stats.charts.svg import Markup, element, label

WIDTH, MARGIN = 720, 20
NAMES, BAR, GAP = 285, 16, 22
INKS = {
    "gunicorn": "first", "granian": "third", "bare": "fifth", "fastapi": "second",
    "asyncpg": "fourth", "flask": "second",
}  # fmt: skip


def document(height: float, title: str, children: Sequence[str]) -> str:
    """A whole picture with its title, for light and dark."""
    style = Markup(f"<style>{STYLE}.bb-curve{{fill:none;stroke-width:2.5}}{_strokes()}</style>")
    paper = element("rect", class_="bb-paper", width=WIDTH, height=height, rx=8)
    heading = label(MARGIN, 32, title, size=16, weight=600)
    return (
        element(
            "svg", element("title", title), style, paper, heading, *children,
            xmlns="http://www.w3.org/2000/svg", class_="bb-chart", role="img",
            viewBox=f"0 0 {WIDTH} {number(height)}", width=WIDTH, height=height,
        )
        + "\n"
    )  # fmt: skip


def _strokes() -> str:
    names = ("first", "second", "third", "fourth", "fifth")
    return "".join(f".bb-stroke-{name}{{stroke:var(--bb-{name})}}" for name in names)


def bars(table: dict[str, Any]) -> str:
    """Requests a second of each contender, workload by workload, with their ranges."""
    drawn: list[str] = []
    y = 56.0
    for workload, title in table["titles"].items():
        found = table["workloads"].get(workload)
        if not found:
            continue
        drawn.append(label(MARGIN, y + 14, title, size=13, weight=600))
        y += 24
        greatest = max(figures["per_second"]["high"] for figures in found.values())
        for who, name in table["contenders"].items():
            if who in found:
                drawn += _bar(y, name, INKS[who], found[who]["per_second"], greatest)
                y += GAP
        y += 14
    note = "Requests a second, 16 connections, one worker on one core; lines show the range."
    drawn.append(label(MARGIN, y + 10, note, ink="soft", size=11))
    return document(y + 28, "Beside what people would build instead", drawn)


def _bar(y: float, name: str, ink: str, spread: dict[str, float], greatest: float) -> list[str]:
    room = WIDTH - NAMES - MARGIN - 70

    def x(value: float) -> float:
        return NAMES + value / greatest * room

    middle = y + BAR / 2
    return [
        label(MARGIN + 8, y + 12, fitted(name, 12, NAMES - MARGIN - 12)),
        element(
            "rect", class_=f"bb-{ink}", x=NAMES, y=y, width=max(1.0, x(spread["median"]) - NAMES),
            height=BAR, rx=3,
        ),
        element(
            "path", class_="bb-curve bb-stroke-fifth",
            d=f"M{number(x(spread['low']))} {number(middle)}H{number(x(spread['high']))}",
        ),
        label(x(spread["high"]) + 8, y + 12, f"{spread['median']:,.0f}", ink="soft", size=11),
    ]  # fmt: skip


def growth(found: dict[str, Any]) -> str:
    """What a request costs by the size of the platform: one small picture for each workload."""
    sizes = sorted(found["sizes"], key=int)
    drawn: list[str] = []
    columns, width, height = 2, (WIDTH - 3 * MARGIN) / 2, 170.0
    for place, (workload, title) in enumerate(found["titles"].items()):
        left = MARGIN + place % columns * (width + MARGIN)
        top = 52 + place // columns * (height + 34)
        series = {
            name: [
                (int(size), found["sizes"][size]["workloads"][workload][figure]["median"])
                for size in sizes
                if workload in found["sizes"][size]["workloads"]
            ]
            for name, figure in (("first", "server_ms"), ("second", "database_ms"))
        }
        drawn.append(label(left, top + 12, title, size=13, weight=600))
        drawn += curves(series, left, top + 24, width, height - 34, [int(size) for size in sizes])
    foot = 52 + -(-len(found["titles"]) // columns) * (height + 34)
    drawn.append(label(MARGIN, foot, "CPU milliseconds of a request: server", ink="first"))
    drawn.append(label(MARGIN + 240, foot, "database", ink="second"))
    drawn.append(label(MARGIN + 320, foot, "by the number of reviews", ink="soft"))
    return document(foot + 20, "What a request costs as the platform grows", drawn)


def curves(
    series: dict[str, list[tuple[int, float]]],
    left: float,
    top: float,
    width: float,
    height: float,
    places: Sequence[int],
) -> list[str]:
    """Curves over a logarithmic axis, by the name of their ink."""
    greatest = max((y for points in series.values() for _x, y in points), default=0) or 1.0
    low, high = math.log10(min(places)), math.log10(max(places))

    def at(place: int, value: float) -> tuple[float, float]:
        share = (math.log10(place) - low) / (high - low) if high > low else 0.5
        return left + 40 + share * (width - 60), top + height - value / greatest * height

    foot = top + height
    drawn: list[str] = [
        element("line", x1=left + 34, y1=foot, x2=left + width, y2=foot),
        element("line", x1=left + 34, y1=top, x2=left + width, y2=top),
        label(left + 30, top + 4, f"{greatest:.2g}", ink="soft", size=11, anchor="end"),
        label(left + 30, foot + 4, "0", ink="soft", size=11, anchor="end"),
    ]
    for place in places:
        x, _y = at(place, 0)
        drawn.append(label(x, foot + 15, short(place), ink="soft", size=11, anchor="middle"))
    for ink, points in series.items():
        path = "L".join(f"{number(x)} {number(y)}" for x, y in (at(*point) for point in points))
        if path:
            drawn.append(element("path", class_=f"bb-curve bb-stroke-{ink}", d=f"M{path}"))
        for point in points:
            x, y = at(*point)
            drawn.append(element("circle", class_=f"bb-{ink}", cx=x, cy=y, r=3.5))
    return drawn


def short(size: int) -> str:
    """A number of reviews in few letters."""
    return f"{size / 1_000_000:g} M" if size >= 1_000_000 else f"{size / 1000:g} k"


#: What a panel of the long run shows, in which inks, and on which scale: where the host takes a
#: core away, the slowest answers take a thousand times as long as the middle ones.
PANELS = (
    ("milliseconds: p50 and p99 (logarithmic)", (("first", "p50"), ("second", "p99")), math.log10),
    ("requests a second: at full load, and kept", (("first", "most"), ("second", "kept")), float),
    ("megabytes of the worker", (("third", "worker_rss"),), float),
    ("part of a core that the host gave to others", (("fifth", "stolen"),), float),
)
PANEL = 180


def long_run(found: dict[str, Any]) -> str:
    """Latency, memory, and what the host took away, minute by minute."""
    rows = found["minutes"]
    drawn: list[str] = []
    for place, (title, series, scale) in enumerate(PANELS):
        top = 52 + place * PANEL
        drawn.append(label(MARGIN, top + 12, title, size=13, weight=600))
        greatest = max((row[name] for row in rows for _ink, name in series), default=1) or 1
        foot, height, width = top + 150, 120.0, WIDTH - 2 * MARGIN - 50
        steps = _steps(greatest, scale)
        least, span = scale(steps[0]), scale(steps[-1]) - scale(steps[0])
        for step in steps:
            y = foot - (scale(step) - least) / span * height
            drawn.append(element("line", x1=MARGIN + 44, y1=y, x2=WIDTH - MARGIN, y2=y))
            shown = f"{step:,.3g}" if step < 1000 else f"{step:,.0f}"
            drawn.append(label(MARGIN + 40, y + 4, shown, ink="soft", size=11, anchor="end"))
        for ink, name in series:
            points = "L".join(
                f"{number(MARGIN + 48 + index / max(1, len(rows) - 1) * width)} "
                f"{number(foot - (scale(max(row[name], steps[0])) - least) / span * height)}"
                for index, row in enumerate(rows)
            )
            drawn.append(element("path", class_=f"bb-curve bb-stroke-{ink}", d=f"M{points}"))
    note = f"70 % of what the server can do, for {len(rows)} minutes, one request in ten a write."
    foot = 52 + len(PANELS) * PANEL
    drawn.append(label(MARGIN, foot + 18, note, ink="soft", size=11))
    return document(foot + 36, "The long run", drawn)


def _steps(greatest: float, scale: Any) -> list[float]:
    """The lines of a scale: powers of ten from 1 on, or nothing and the greatest."""
    if scale is float:
        return [0.0, greatest]
    return [10.0**power for power in range(max(1, math.ceil(math.log10(greatest))) + 1)]
