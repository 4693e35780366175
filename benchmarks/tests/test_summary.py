"""Medians, ratios, verdicts, and the page that is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import goals, pictures, report, results
from benchmarks.measuring import Patience, used
from benchmarks.services import Unable
from benchmarks.subjects import Subjects
from benchmarks.summary import Spread, condensed, ratio, ratios


def spread(value: float) -> dict[str, float]:
    return Spread(value, value * 0.9, value * 1.1).as_json()


def figures(per_second: float, **more: float) -> dict[str, Any]:
    plain = {"server_ms": 1.0, "database_ms": 0.5, "p50": 10.0, "p99": 20.0, "single_p50": 2.0}
    return {name: spread(value) for name, value in (plain | more).items()} | {
        "per_second": spread(per_second)
    }


@pytest.fixture
def table() -> dict[str, Any]:
    """A section as `make bench` keeps it."""
    contenders = {"gunicorn": "BookBridge", "fastapi": "FastAPI & <co>", "bare": "bare"}
    return {
        "taken": "2026-11-21 10:00 UTC", "commit": "abc", "postgresql": "15", "redis": "7",
        "storage": "ext4",
        "machine": {
            "processor": "P", "cores": 2, "memory_gb": 8, "system": "S", "python": "3.11",
        },
        "cores": {"server": 0, "load": 1, "database": 1}, "rounds": 5, "seconds": 3,
        "size": {"reviews": 1_000_000, "books": 10, "clubs": 5, "readers": 50},
        "contenders": contenders,
        "titles": {"club-detail": "club detail", "unchanged": "unchanged"},
        "workloads": {
            "club-detail": {
                "gunicorn": figures(500), "fastapi": figures(200), "bare": figures(2000, p99=70),
            },
            "unchanged": {"gunicorn": figures(700)},
        },
        "ratios": {"club-detail": {"gunicorn": {"fastapi": spread(2.5), "bare": spread(0.25)}}},
        "memory": {"gunicorn": {"worker_rss": spread(90), "worker_pss": spread(80)}},
        "statements": {
            "club-detail": {"gunicorn": {"statements": 3, "trips": 4, "database_ms": 1.5}}
        },
        "likeness": {"club-detail": {"fastapi": "identical bytes"}},
        "failures": [],
        "disturbed": {"repeated": 2, "kept": ["club-detail, bare: others 20%"]},
        "cold": {
            "gunicorn": {
                name: {"median": 70.0, "low": 60.0, "high": 90.0, "failed": 1}
                for name in ("stats-cold-book", "stats-cold-site")
            }
        },
        "flood": {
            "gunicorn": {
                "quiet": {"p50": 2.0, "p95": 3.0}, "flooded": {"p50": 9.0, "p95": 30.0},
                "attempts_per_second": 12.5,
            }
        },
    }  # fmt: skip


@pytest.fixture
def growth() -> dict[str, Any]:
    """A section as `make bench-growth` keeps it."""
    return {
        "taken": "today", "rounds": 3, "titles": {"club-detail": "club detail"},
        "disturbed": ["1,000,000 reviews, club-detail, gunicorn: stolen 9%"],
        "sizes": {
            str(size): {"extent": {"clubs": 5}, "workloads": {"club-detail": figures(100)}}
            for size in (10_000, 100_000, 1_000_000)
        },
    }  # fmt: skip


def test_a_spread_is_the_middle_and_the_ends() -> None:
    assert Spread.of([5, 1, 9, 3, 4]) == Spread(4, 1, 9)
    rounds = [{"a": 1.0}, {"a": 3.0, "b": 7.0}]
    assert condensed(rounds) == {
        "a": {"median": 2.0, "low": 1.0, "high": 3.0},
        "b": {"median": 7.0, "low": 7.0, "high": 7.0},
    }


def test_ratios_are_taken_round_by_round() -> None:
    assert ratio([10, 30, 20], [5, 10, 20]) == Spread(2, 1, 3)
    rounds = {"gunicorn": [{"per_second": 10.0}], "flask": [{"per_second": 4.0}], "bare": []}
    assert ratios(rounds, "gunicorn") == {"flask": {"median": 2.5, "low": 2.5, "high": 2.5}}
    assert ratios(rounds, "granian") == {}


def test_every_requirement_has_a_verdict(table: dict[str, Any]) -> None:
    found = {(one.subject, one.asked): one.state for one in goals.verdicts(table)}
    assert found["club detail", "at least 2 x FastAPI & <co>"] == goals.REACHED
    assert found["club detail", "at least 0.5 x bare"] == goals.MISSED
    assert found["club detail", "at least 2 x flask"] == goals.UNKNOWN
    assert found["club detail", "at most 2 statements"] == goals.MISSED
    assert found["unchanged", "at least 2 x its own 200"] == goals.MISSED
    assert found["stats-cold-site", "at most 50 ms"] == goals.MISSED
    assert found["memory", "at most 110 MB a worker after load"] == goals.REACHED
    assert found["club detail", "p99 at most 3 x p50 at 16 connections"] == goals.REACHED


LONG: dict[str, Any] = {
    "contender": "BookBridge", "taken": "now", "full_load": 7_000, "refused": 0,
    "commit": "abc", "storage": "ext4",
    "minutes": [
        {
            "p50": 1.0, "p99": 5.0 + 4 * stolen, "worker_rss": 90.0, "stolen": stolen,
            "most": 143.2 - 40 * stolen, "kept": 100.0 - 30 * stolen, "cost": 3.5,
        }
        for stolen in (0.0, 0.05, 0.5)
    ],
    "statuses": {"200": 16_200, "201": 1_800}, "failed": 0, "lost": 0,
}  # fmt: skip


def test_pictures_are_well_formed_for_light_and_dark(
    table: dict[str, Any], growth: dict[str, Any]
) -> None:
    for picture in (pictures.bars(table), pictures.growth(growth), pictures.long_run(LONG)):
        root = ElementTree.fromstring(picture)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme:dark" in picture
        assert "nan" not in picture
    assert "FastAPI &amp; &lt;co&gt;" in pictures.bars(table)


def test_the_long_run_tells_quiet_minutes_from_others() -> None:
    said = report.mixed(LONG)
    assert "p99 between 5 and 5.2 ms in the 2 minutes in which the host gave at most 5%" in said
    assert "others, between 7 and 7 ms in the 1 others." in said
    assert "(123 to 143 requests a second; 85 to 100 were sent)" in said
    assert report.mixed(LONG | {"minutes": LONG["minutes"][:1]}).endswith("core to others.")


def test_the_page_is_written_from_what_is_kept(
    tmp_path: Path, table: dict[str, Any], growth: dict[str, Any]
) -> None:
    source, page = tmp_path / "performance" / "results.json", tmp_path / "performance.md"
    with pytest.raises(Unable, match="nothing was measured"):
        report.run(take=False, source=source, page=page)
    results.keep("table", table, source)
    results.keep("growth", growth, source)
    assert json.loads(source.read_text())["table"]["rounds"] == 5
    report.run(take=False, source=source, page=page)
    text = page.read_text()
    assert "| club detail | at least 0.5 x bare | 0.25 (0.23 to 0.28) | not reached |" in text
    assert "performance/growth.svg" in text
    assert "Of 9 runs 1 stayed disturbed by others, at 1,000,000 reviews." in text
    assert "1 did not come in time" in text
    assert "performance/mixed.svg" not in text
    assert (tmp_path / "performance" / "table.svg").exists()


def test_new_backends_count_from_their_beginning() -> None:
    assert used({1: 5.0, 2: 1.0}, {1: 6.0, 3: 0.5}) == 1.5


def test_patience_ends() -> None:
    patience = Patience(2)
    assert [patience.spend() for _time in range(3)] == [True, True, False]
    assert patience.repeated == 2


def test_each_pair_is_given_once_and_unused_ones_come_again() -> None:
    subjects = Subjects([1, 2], [], [], 9, [10, 11, 12], {(1, 11)}, 0)
    first = [subjects.new_pair() for _turn in range(3)]
    subjects.give_back(2)
    again = [subjects.new_pair() for _turn in range(4)]
    assert again[:2] == first[1:]
    given = [first[0], *again]
    assert len(set(given)) == 5
    assert (0, 11) not in given
    with pytest.raises(Unable, match="everybody"):
        subjects.new_pair()
