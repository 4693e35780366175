"""One run of one workload against one contender, with everything that is read from it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks import machine, wrk
from benchmarks.disturbance import Quiet, judge
from benchmarks.machine import Cores
from benchmarks.server import Server
from benchmarks.services import FOLDER, Services, Unable
from benchmarks.subjects import Subjects
from benchmarks.workloads import Workload

CONNECTIONS = 16
#: Requests one after the other before a load, so that nothing is loaded or opened for the first.
WARMING = 24


@dataclass
class Patience:
    """How many disturbed runs may still be repeated: a bound on the time of it all."""

    left: int
    repeated: int = 0
    kept: list[str] = field(default_factory=list)

    def spend(self) -> bool:
        """Whether one more repeat is allowed."""
        if self.left <= 0:
            return False
        self.left -= 1
        self.repeated += 1
        return True


@dataclass(frozen=True)
class Gauge:
    """Reads the clocks of processes and cores before and after a run."""

    services: Services
    name: str
    cores: Cores

    def backends(self) -> tuple[list[int], list[int]]:
        """Processes of PostgreSQL: those of our database, and those that serve all."""
        with self.services.connect("postgres") as connection:
            rows = connection.execute(
                "SELECT pid, datname = %s, backend_type FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid()",
                [self.name],
            ).fetchall()
        ours = [int(str(pid)) for pid, own, _kind in rows if own]
        return ours, [
            int(str(pid)) for pid, own, kind in rows if not own and "client" not in str(kind)
        ]

    def pin(self) -> None:
        """Put the processes of our database where they belong, where that is allowed."""
        for pid in self.backends()[0]:
            with suppress(OSError):
                os.sched_setaffinity(pid, {self.cores.database})

    def cache_seconds(self) -> float:
        """What Redis has used since it began."""
        found: dict[str, Any] = self.services.cache().info("cpu")
        return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


@dataclass
class Reading:
    """The clocks at one moment."""

    at: float
    server: dict[int, float]
    database: dict[int, float]
    rest: dict[int, float]
    cache: float
    own: float
    busy: machine.Ticks
    load_core: machine.Ticks

    @classmethod
    def now(cls, gauge: Gauge, server: Server) -> Reading:
        """Read them all."""
        ours, rest = gauge.backends()
        return cls(
            at=time.monotonic(),
            server=machine.cpu_seconds(server.pids()),
            database=machine.cpu_seconds(ours),
            rest=machine.cpu_seconds(rest),
            cache=gauge.cache_seconds(),
            own=_own_seconds(),
            busy=machine.ticks(),
            load_core=machine.ticks(core=gauge.cores.load),
        )


def used(before: dict[int, float], after: dict[int, float]) -> float:
    """Seconds that went by for these processes; one that is new counts from its beginning."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def figures(load: wrk.Load, before: Reading, after: Reading) -> tuple[dict[str, float], Quiet]:
    """The figures of a run, times in milliseconds, and whether it was disturbed."""
    seconds, answered = after.at - before.at, max(1, load.requests)
    server = used(before.server, after.server)
    database = used(before.database, after.database)
    cache = after.cache - before.cache
    rest = used(before.rest, after.rest)
    ours = server + database + cache + rest + after.own - before.own
    quiet = judge(
        seconds=seconds,
        busy=after.busy.busy - before.busy.busy,
        ours=ours,
        stolen=after.busy.stolen - before.busy.stolen,
    )
    return {
        "per_second": load.per_second,
        "p50": load.p50,
        "p95": load.p95,
        "p99": load.p99,
        "server_ms": 1000 * server / answered,
        "database_ms": 1000 * database / answered,
        "cache_ms": 1000 * cache / answered,
        "server_core": server / seconds,
        "load_core": (after.load_core.busy - before.load_core.busy) / seconds,
    }, quiet


def measure(
    server: Server,
    workload: Workload,
    subjects: Subjects,
    gauge: Gauge,
    *,
    seconds: float,
    patience: Patience,
    single: bool = True,
    warm: bool = True,
) -> dict[str, float]:
    """The figures of a workload; a disturbed run is repeated twice at most.

    Arguments:
        seconds: of the run with 16 connections.
        single: whether a run of a second with one connection follows.
        warm: whether a run of a second goes before.

    Raises:
        Unable: an answer was refused or lost, so that the figures would be of something else.
    """
    _warm(server, workload, subjects)
    if warm:
        _load(server, workload, subjects, gauge, connections=CONNECTIONS, seconds=1)
    gauge.pin()
    best: tuple[Quiet, dict[str, float]] | None = None
    for _attempt in range(3):
        before = Reading.now(gauge, server)
        load = _load(server, workload, subjects, gauge, connections=CONNECTIONS, seconds=seconds)
        found, quiet = figures(load, before, Reading.now(gauge, server))
        if best is None or quiet.others + quiet.stolen < best[0].others + best[0].stolen:
            best = quiet, found
        if not best[0].disturbed or not patience.spend():
            break
    assert best is not None  # noqa: S101  (the loop runs at least once)
    quiet, found = best
    found["disturbed"] = float(quiet.disturbed)
    if quiet.disturbed:
        patience.kept.append(f"{workload.name}, {server.contender.name}: {quiet}")
    if single:
        alone = _load(server, workload, subjects, gauge, connections=1, seconds=1)
        found |= {"single_p50": alone.p50, "single_p99": alone.p99}
    return found


def _warm(server: Server, workload: Workload, subjects: Subjects) -> None:
    requests = workload.requests(subjects)
    for request in requests[:WARMING]:
        server.send(request)
    if workload.writes:
        subjects.give_back(len(requests) - WARMING)


def _load(
    server: Server,
    workload: Workload,
    subjects: Subjects,
    gauge: Gauge,
    *,
    connections: int,
    seconds: float,
) -> wrk.Load:
    requests = workload.requests(subjects)
    path = wrk.write_requests(FOLDER / "requests.tsv", requests)
    command = wrk.command(
        server.base, path, connections=connections, seconds=seconds, core=gauge.cores.load
    )
    load = wrk.run(command)
    if workload.writes:
        # Those under way at the end were sent, but not counted.
        unsent = len(requests) - load.requests - connections
        if unsent < 0:
            raise Unable(f"{workload.title}: {len(requests)} requests are too few for one run")
        subjects.give_back(unsent)
    if load.refused or load.lost or not load.requests:
        raise Unable(
            f"{workload.title}, {server.contender.title}: {load.refused} of {load.requests} "
            f"answers were refusals, {load.lost} were lost"
        )
    return load


def _own_seconds() -> float:
    """Seconds of this process and of those it waited for; wrk is one of them."""
    kinds: Iterable[int] = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = [resource.getrusage(kind) for kind in kinds]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
