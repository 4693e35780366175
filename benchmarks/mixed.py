"""The long run: nine reads to a write, at seven tenths of what the server can do.

Machines of a cloud are faster in one second than in another. So what the server can do is found
anew every twenty seconds, in two seconds at full load, and seven tenths of that are kept; in
between the pace follows the speed of the machine (see `speed`).
"""

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
from benchmarks.pace import LOST, STRETCHES, Minute, keep_pace
from benchmarks.server import Server, ensure_packages
from benchmarks.services import FOLDER, Unable, free_port
from benchmarks.services import running as services_running
from benchmarks.speed import Speed
from benchmarks.subjects import Subjects
from benchmarks.table import Bench
from benchmarks.workloads import TABLE, named, new_review
from benchmarks.wrk import Request

SHARE, WRITES_IN_100 = 0.7, 10
FULL_LOAD_SECONDS, FULL_LOAD_REQUESTS = 2, 5_000
#: Of a hundred reads.
READS = {
    "club-detail": 30, "reviews-first": 25, "reviews-deep": 5, "clubs-searched": 10,
    "stats-warm": 20, "unchanged": 10,
}  # fmt: skip


def run(contender: Contender, *, minutes: int, reviews: int) -> int:
    """Measure for so many minutes; 1 when an answer was a 5xx, or did not come, or was refused.

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
    print(
        f"{found['failed']} answers of 500 and above, {found['lost']} requests without one, "
        f"{found['refused']} refused at full load."
    )
    return 1 if found["failed"] or found["lost"] or found["refused"] else 0


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


def long_run(server: Server, bench: Bench, minutes: int) -> dict[str, Any]:
    """Keep seven tenths of the most for so many minutes."""
    following, full = mix(bench.subjects), FullLoad(server, bench)
    full.run(following)
    os.sched_setaffinity(0, {bench.gauge.cores.load})
    rows: list[dict[str, Any]] = []
    stolen = Stolen()

    def tell(number: int, minute: Minute) -> None:
        most = full.found_since(number * STRETCHES)
        shown = row_of(number, minute, machine.memory_mb(server.pids()))
        shown |= {"most": most, "kept": round(shown["requests"] / 60, 1)}
        shown |= {"stolen": stolen.share(), "cost": full.speed.cost()}
        rows.append(shown)
        print(
            f"minute {number + 1:3}  {shown['kept']:6.1f} of {most:6.1f} a second  "
            f"p50 {shown['p50']:7.2f} ms  p99 {shown['p99']:7.2f} ms  "
            f"{shown['worker_rss']:.1f} MB  cost {shown['cost']:.2f}  "
            f"stolen {shown['stolen']:.0%}  {shown['statuses']}",
            flush=True,
        )

    asyncio.run(
        keep_pace(
            server.port, following, pace=lambda: SHARE * full.run(following).per_second,
            speed=full.speed.factor, minutes=minutes, connections=2 * CONNECTIONS,
            every_minute=tell,
        )
    )  # fmt: skip
    statuses: Counter[int] = Counter()
    for row in rows:
        statuses.update({int(status): number for status, number in row["statuses"].items()})
    return {
        "minutes": rows,
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "full_load": sum(load.requests for load in full.loads),
        "refused": sum(load.refused for load in full.loads),
        "failed": sum(number for status, number in statuses.items() if status >= 500),
        "lost": statuses[LOST] + sum(load.lost for load in full.loads),
    }


class FullLoad:
    """As many requests as the server can answer, now and then."""

    def __init__(self, server: Server, bench: Bench) -> None:
        self.loads: list[wrk.Load] = []
        self._server, self._gauge = server, bench.gauge
        pids = server.pids()
        self.speed = Speed(lambda: machine.running_seconds(pids))

    def run(self, following: Callable[[], Request]) -> wrk.Load:
        """Two seconds of it; the first time warms up."""
        # New requests each time: writes that were sent already would only be replayed.
        requests = [following() for _number in range(FULL_LOAD_REQUESTS)]
        command = wrk.command(
            self._server.base, wrk.write_requests(FOLDER / "requests.tsv", requests),
            connections=CONNECTIONS, seconds=FULL_LOAD_SECONDS, core=self._gauge.cores.load,
        )  # fmt: skip
        self._gauge.pin()
        self.speed.full_load_begins()
        self.loads.append(wrk.run(command))
        self.speed.full_load_ended(self.loads[-1].requests)
        return self.loads[-1]

    def found_since(self, stretch: int) -> float:
        """The most per second from a stretch on."""
        return round(statistics.mean(load.per_second for load in self.loads[stretch + 1 :]), 1)


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
