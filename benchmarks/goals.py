"""What the figures are to reach, and whether they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REACHED, MISSED, UNKNOWN = "reached", "not reached", "not measured"

#: By workload: how many times the requests a second of each other contender.
RATIOS: dict[str, dict[str, float]] = {
    "club-detail": {"fastapi": 2.0, "flask": 2.0, "bare": 0.5},
    "reviews-first": {"fastapi": 3.0, "flask": 3.5, "bare": 0.5},
    "reviews-deep": {"fastapi": 3.0, "flask": 3.5, "bare": 0.5},
    "clubs-searched": {"fastapi": 1.8, "flask": 1.8, "bare": 0.6},
    "review-posted": {"fastapi": 2.5, "flask": 2.5, "bare": 0.3},
    "stats-warm": {"fastapi": 0.5, "flask": 1.0, "bare": 0.5},
}
#: The goal beyond: under granian, of FastAPI on raw asyncpg.
BEYOND = 1.0
#: Statements of a request; the look-up of session and reader is one of them.
STATEMENTS = {
    "club-detail": 2, "reviews-first": 2, "reviews-deep": 2, "clubs-searched": 2, "stats-warm": 0,
    "unchanged": 2,
}  # fmt: skip
DEEP_AT_MOST = 1.5
SEARCH_OF_DATABASE = 1.2
UNCHANGED_AT_LEAST = 2.0
COLD_AT_MOST_MS = 50.0
WORKER_AT_MOST_MB = 110.0
TAIL_AT_MOST = 3.0


@dataclass(frozen=True)
class Verdict:
    """One requirement: what is asked, what was measured, and whether that is enough."""

    subject: str
    asked: str
    measured: str
    state: str


def verdicts(table: dict[str, Any]) -> list[Verdict]:
    """All requirements, by a section `table` of the results."""
    return [
        *_ratios(table),
        *_statements(table),
        _deep(table),
        _search(table),
        _unchanged(table),
        *_cold(table),
        _memory(table),
        *_tails(table),
        *_beyond(table),
    ]


def titled(table: dict[str, Any], workload: str) -> str:
    """What a workload is called."""
    return str(table["titles"].get(workload, workload))


def _at_least(subject: str, asked: str, measured: dict[str, float] | None, least: float) -> Verdict:
    if measured is None:
        return Verdict(subject, asked, "", UNKNOWN)
    shown = f"{measured['median']:.2f} ({measured['low']:.2f} to {measured['high']:.2f})"
    return Verdict(subject, asked, shown, REACHED if measured["median"] >= least else MISSED)


def _at_most(subject: str, asked: str, measured: float | None, most: float, unit: str) -> Verdict:
    if measured is None:
        return Verdict(subject, asked, "", UNKNOWN)
    state = REACHED if measured <= most else MISSED
    return Verdict(subject, asked, f"{measured:.2f}{unit}", state)


def _ratios(table: dict[str, Any]) -> list[Verdict]:
    found = []
    for workload, goals in RATIOS.items():
        measured = table["ratios"].get(workload, {}).get("gunicorn", {})
        for other, least in goals.items():
            asked = f"at least {least:g} x {table['contenders'].get(other, other)}"
            found.append(_at_least(titled(table, workload), asked, measured.get(other), least))
    return found


def _beyond(table: dict[str, Any]) -> list[Verdict]:
    return [
        _at_least(
            f"{titled(table, workload)}, under granian",
            f"at least {BEYOND:g} x FastAPI on raw asyncpg (the goal beyond)",
            table["ratios"].get(workload, {}).get("granian", {}).get("asyncpg"),
            BEYOND,
        )
        for workload in RATIOS
    ]


def _figure(table: dict[str, Any], workload: str, figure: str) -> float | None:
    found = table["workloads"].get(workload, {}).get("gunicorn", {}).get(figure)
    return None if found is None else float(found["median"])


def _statements(table: dict[str, Any]) -> list[Verdict]:
    found = []
    for workload, most in STATEMENTS.items():
        counted = table["statements"].get(workload, {}).get("gunicorn")
        measured = None if counted is None else float(counted["statements"])
        asked = f"at most {most} statements"
        verdict = _at_most(titled(table, workload), asked, measured, most, "")
        shown = "" if measured is None else f"{measured:g}"
        found.append(Verdict(verdict.subject, asked, shown, verdict.state))
    return found


def _quotient(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _deep(table: dict[str, Any]) -> Verdict:
    first = _figure(table, "reviews-first", "single_p50")
    deep = _figure(table, "reviews-deep", "single_p50")
    asked = f"at most {DEEP_AT_MOST:g} x the first page"
    subject = titled(table, "reviews-deep")
    return _at_most(subject, asked, _quotient(deep, first), DEEP_AT_MOST, "")


def _search(table: dict[str, Any]) -> Verdict:
    alone = _figure(table, "clubs-searched", "single_p50")
    counted = table["statements"].get("clubs-searched", {}).get("gunicorn")
    database = None if counted is None else float(counted["database_ms"])
    asked = f"at most {SEARCH_OF_DATABASE:g} x the database's own time for the SQL"
    subject = titled(table, "clubs-searched")
    return _at_most(subject, asked, _quotient(alone, database), SEARCH_OF_DATABASE, "")


def _unchanged(table: dict[str, Any]) -> Verdict:
    whole = _figure(table, "club-detail", "per_second")
    unchanged = _figure(table, "unchanged", "per_second")
    asked = f"at least {UNCHANGED_AT_LEAST:g} x its own 200"
    measured = _quotient(unchanged, whole)
    subject = titled(table, "unchanged")
    if measured is None:
        return Verdict(subject, asked, "", UNKNOWN)
    state = REACHED if measured >= UNCHANGED_AT_LEAST else MISSED
    return Verdict(subject, asked, f"{measured:.2f}", state)


def _cold(table: dict[str, Any]) -> list[Verdict]:
    cold = table.get("cold", {}).get("gunicorn", {})
    return [
        _at_most(
            titled(table, workload),
            f"at most {COLD_AT_MOST_MS:g} ms",
            cold[workload]["median"] if workload in cold else None,
            COLD_AT_MOST_MS,
            " ms",
        )
        for workload in ("stats-cold-book", "stats-cold-site")
    ]


def _memory(table: dict[str, Any]) -> Verdict:
    found = table["memory"].get("gunicorn", {}).get("worker_rss")
    asked = f"at most {WORKER_AT_MOST_MB:g} MB a worker after load"
    most = None if found is None else float(found["high"])
    return _at_most("memory", asked, most, WORKER_AT_MOST_MB, " MB")


def _tails(table: dict[str, Any]) -> list[Verdict]:
    return [
        _at_most(
            titled(table, workload),
            f"p99 at most {TAIL_AT_MOST:g} x p50 at 16 connections",
            _quotient(_figure(table, workload, "p99"), _figure(table, workload, "p50")),
            TAIL_AT_MOST,
            "",
        )
        for workload in (*RATIOS, "unchanged")
    ]
