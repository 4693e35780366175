"""The long run: nine reads to a write, at seven tenths of what the server can do."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks import dataset, machine, results, wrk
from benchmarks import subjects as choice
from benchmarks.checking import check
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.measuring import CONNECTIONS, Gauge
from benchmarks.pace import LOST, Minute, keep_pace
from benchmarks.server import Server, ensure_packages
from benchmarks.services import FOLDER, Unable, free_port
from benchmarks.services import running as services_running
from benchmarks.subjects import Subjects
from benchmarks.table import Bench
from benchmarks.workloads import TABLE, named, new_review
from benchmarks.wrk import Request

SHARE, WRITES_IN_100 = 0.7, 10
#: The most is the median of these runs, after one of two seconds that warms up.
CALIBRATIONS, CALIBRATION_SECONDS, CALIBRATION_REQUESTS = 3, 6, 20_000
#: Of a hundred reads.
READS = {
    "club-detail": 30, "reviews-first": 25, "reviews-deep": 5, "clubs-searched": 10,
    "stats-warm": 20, "unchanged": 10,
}  # fmt: skip


def run(contender: Contender, *, minutes: float, reviews: int) -> int:
    """Measure for so many minutes; 1 when an answer was a 5xx, or did not come.

    Raises:
        Unable: only BookBridge runs this.
    """
    if not contender.own:
        raise Unable("the mixed run is of BookBridge: gunicorn or granian")
    ensure_packages()
    with services_running() as services:
        seeded = dataset.prepare(services, dataset.Extent(reviews))
        services.cache().flushdb()
        with dataset.copied(services, seeded) as name:
            subjects, port = choice.find(services, name), free_port()
            checked = check(services, name, subjects, TABLE, [CONTENDERS[0]], port)
            gauge = Gauge(services, name, machine.cores())
            bench = Bench(services, name, subjects, gauge, checked, port)
            with bench.serve(contender) as server:
                found = long_run(server, bench, minutes)
        found |= results.circumstances(services, gauge.cores)
    found["contender"] = contender.title
    print(f"Written to {results.keep('mixed', found)}.")
    print(f"{found['failed']} answers of 500 and above, {found['lost']} requests without one.")
    return 1 if found["failed"] or found["lost"] else 0


def mix(subjects: Subjects, seed: int = 7) -> Callable[[], Request]:
    """A function that gives the next request; writes are never the same twice."""
    chance = random.Random(seed)  # noqa: S311  (nothing secret hangs on it)
    reads = {one.name: itertools.cycle(one.requests(subjects)) for one in named(list(READS))}
    names, weights = list(READS), list(READS.values())

    def following() -> Request:
        if chance.random() * 100 < WRITES_IN_100:
            return new_review(subjects)
        return next(reads[chance.choices(names, weights)[0]])

    return following


def long_run(server: Server, bench: Bench, minutes: float) -> dict[str, Any]:
    """Find the most, then keep seven tenths of it."""
    following, found = mix(bench.subjects), list[float]()
    for seconds in (2, *[CALIBRATION_SECONDS] * CALIBRATIONS):
        # New requests each time: writes that were sent already would only be replayed.
        requests = [following() for _number in range(CALIBRATION_REQUESTS)]
        command = wrk.command(
            server.base, wrk.write_requests(FOLDER / "requests.tsv", requests),
            connections=CONNECTIONS, seconds=seconds, core=bench.gauge.cores.load,
        )  # fmt: skip
        found.append(wrk.run(command).per_second)
    most = statistics.median(found[1:])
    bench.gauge.pin()
    os.sched_setaffinity(0, {bench.gauge.cores.load})
    rate = most * SHARE
    print(f"At most {most:.0f} requests a second; {rate:.0f} for {minutes:g} minutes.")
    rows: list[dict[str, Any]] = []
    stolen = Stolen()

    def tell(number: int, minute: Minute) -> None:
        rows.append(row_of(number, minute, machine.memory_mb(server.pids())))
        shown = rows[-1]
        shown["stolen"] = stolen.share()
        print(
            f"minute {number + 1:3}  {shown['requests']:7} requests  p50 {shown['p50']:7.2f} ms  "
            f"p99 {shown['p99']:7.2f} ms  {shown['worker_rss']:.1f} MB  "
            f"stolen {shown['stolen']:.0%}  {shown['statuses']}",
            flush=True,
        )

    asyncio.run(
        keep_pace(
            server.port, following, per_second=rate, seconds=minutes * 60,
            connections=2 * CONNECTIONS, every_minute=tell,
        )
    )  # fmt: skip
    statuses: Counter[int] = Counter()
    for row in rows:
        statuses.update({int(status): number for status, number in row["statuses"].items()})
    return {
        "most_per_second": round(most, 1),
        "per_second": round(rate, 1),
        "minutes": rows,
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "failed": sum(number for status, number in statuses.items() if status >= 500),
        "lost": statuses[LOST],
    }


class Stolen:
    """How much of a core the host gave to others since the last look."""

    def __init__(self) -> None:
        self._at, self._ticks = time.monotonic(), machine.ticks()

    def share(self) -> float:
        """The share; 0.05 is a twentieth of one core."""
        at, ticks = time.monotonic(), machine.ticks()
        found = (ticks.stolen - self._ticks.stolen) / max(1e-9, at - self._at)
        self._at, self._ticks = at, ticks
        return round(found, 3)


def row_of(number: int, minute: Minute, memory: dict[str, float]) -> dict[str, Any]:
    """One minute as it is kept."""
    times = sorted(minute.times)

    def at(share: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * share))], 2) if times else 0.0

    return {
        "minute": number + 1,
        "requests": len(times),
        "p50": at(0.5),
        "p99": at(0.99),
        "longest": at(1),
        "statuses": {str(status): count for status, count in sorted(minute.statuses.items())},
        **memory,
    }
