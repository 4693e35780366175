"""The table: all contenders in turn, round after round, and what BookBridge does besides."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import dataset, machine, results
from benchmarks import subjects as choice
from benchmarks.checking import Checked, check
from benchmarks.contenders import Contender
from benchmarks.flood import flooded
from benchmarks.measuring import Gauge, Patience, measure
from benchmarks.server import Server, ensure_packages, running
from benchmarks.services import Services, Unable, free_port
from benchmarks.services import running as services_running
from benchmarks.subjects import Subjects
from benchmarks.summary import condensed, ratios
from benchmarks.workloads import COLD, Workload
from benchmarks.wrk import LoadError, Request

#: Rounds in which one connection alone is measured as well.
SINGLE_ROUNDS = 3
#: How often a cold answer is asked for, unless it takes longer than so many seconds in all.
COLD_TIMES, COLD_SECONDS = 15, 10.0


@dataclass(frozen=True)
class Plan:
    """What is measured, and how long."""

    contenders: Sequence[Contender]
    workloads: Sequence[Workload]
    rounds: int
    seconds: float
    reviews: int
    extras: bool = True
    warm: bool = True

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return self.rounds * len(self.contenders) * len(self.workloads)


@dataclass(frozen=True)
class Bench:
    """Everything a run needs."""

    services: Services
    name: str
    subjects: Subjects
    gauge: Gauge
    checked: Checked
    port: int

    def serve(self, contender: Contender, **variables: str) -> Any:
        """A contender, running on the copy, pinned."""
        return running(
            contender, self.services, self.services.named(self.name), port=self.port,
            core=self.gauge.cores.server, keys=self.checked.keys, variables=variables,
        )  # fmt: skip


def run(plan: Plan) -> int:
    """Measure, and keep the results in var/bench/results.json; 1 when a run failed.

    Raises:
        Unable: nothing can be measured.
        Different: contenders do not answer, or store, the same.
    """
    begun = time.monotonic()
    ensure_packages()
    with services_running() as services:
        seeded = dataset.prepare(services, dataset.Extent(plan.reviews))
        services.cache().flushdb()
        print("Copying the database ...")
        with dataset.copied(services, seeded) as name:
            subjects, port = choice.find(services, name), free_port()
            checked = check(services, name, subjects, plan.workloads, plan.contenders, port)
            gauge = Gauge(services, name, machine.cores())
            bench = Bench(services, name, subjects, gauge, checked, port)
            found = measured(bench, plan)
            found["size"] = results.size_of(services, name, subjects)
            results.keep("table", found)
            if plan.extras:
                found |= extras(bench, plan)
    found["minutes"] = round((time.monotonic() - begun) / 60, 1)
    print(f"Written to {results.keep('table', found)} after {found['minutes']} minutes.")
    for failure in found["failures"]:
        print(f"Failed: {failure}")
    return 1 if found["failures"] else 0


def measured(bench: Bench, plan: Plan) -> dict[str, Any]:
    """All rounds, as they are kept."""
    rounds: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    memory: dict[str, list[dict[str, float]]] = defaultdict(list)
    patience, failures = Patience(max(4, plan.runs // 6)), list[str]()
    for number in range(plan.rounds):
        # Nobody is always the first after a pause, or always the last.
        turn = number % len(plan.contenders)
        for contender in (*plan.contenders[turn:], *plan.contenders[:turn]):
            with bench.serve(contender) as server:
                for workload in plan.workloads:
                    if workload.own and not contender.own:
                        continue
                    try:
                        figures = measure(
                            server, workload, bench.subjects, bench.gauge, seconds=plan.seconds,
                            patience=patience, warm=plan.warm, single=number < SINGLE_ROUNDS,
                        )  # fmt: skip
                    except (Unable, LoadError) as error:
                        failures.append(f"round {number + 1}: {error}")
                        print(failures[-1], flush=True)
                        continue
                    rounds[workload.name][contender.name].append(figures)
                    tell(number, contender, workload, figures)
                memory[contender.name].append(machine.memory_mb(server.pids()))
    return {
        **head(plan, bench),
        "workloads": {
            name: {who: condensed(found) for who, found in by_contender.items()}
            for name, by_contender in rounds.items()
        },
        "ratios": {
            name: {who: ratios(by_contender, who) for who in ("gunicorn", "granian")}
            for name, by_contender in rounds.items()
        },
        "memory": {who: condensed(found) for who, found in memory.items()},
        "statements": bench.checked.statements,
        "likeness": bench.checked.likeness,
        "disturbed": {"repeated": patience.repeated, "kept": patience.kept},
        "failures": failures,
    }


def extras(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Cold statistics, and other requests during a flood of wrong sign-ins."""
    cold: dict[str, Any] = {}
    flood: dict[str, Any] = {}
    for contender in plan.contenders:
        if not contender.own:
            continue
        with bench.serve(contender) as server:
            cold[contender.name] = {
                workload.name: cold_answers(server, workload, bench) for workload in COLD
            }
        with bench.serve(contender, TRUSTED_PROXY_COUNT="1") as server:
            flood[contender.name] = flooded(
                server, bench.services, bench.name, bench.subjects, bench.gauge.cores,
                seconds=max(3.0, plan.seconds * 2),
            )  # fmt: skip
    return {"cold": cold, "flood": flood}


def cold_answers(server: Server, workload: Workload, bench: Bench) -> dict[str, float]:
    """Milliseconds of an answer that nobody asked for before, with an empty cache each time.

    `failed` counts those that did not come in time (a 503).
    """
    request = workload.requests(bench.subjects)[0]
    cache, times, failed = bench.services.cache(), list[float](), 0
    server.send(request)
    until = time.monotonic() + COLD_SECONDS
    while len(times) < COLD_TIMES and (len(times) < 3 or time.monotonic() < until):
        cache.flushdb()
        server.send(other_request(bench.subjects))  # the connections and the limiter are warm
        begun = time.perf_counter()
        answer = server.send(request)
        times.append(1000 * (time.perf_counter() - begun))
        failed += answer.status != 200
    return {
        "failed": failed,
        "median": round(statistics.median(times), 2),
        "low": round(min(times), 2),
        "high": round(max(times), 2),
    }


def other_request(subjects: Subjects) -> Request:
    """A request that has nothing to do with statistics."""
    return Request("GET", f"/api/v1/clubs/{subjects.slugs[0]}/", subjects.headers[0])


def head(plan: Plan, bench: Bench) -> dict[str, Any]:
    """Where, when and how it was measured."""
    return results.circumstances(bench.services, bench.gauge.cores) | {
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "contenders": {contender.name: contender.title for contender in plan.contenders},
        "titles": {workload.name: workload.title for workload in (*plan.workloads, *COLD)},
    }


def tell(number: int, contender: Contender, workload: Workload, figures: dict[str, float]) -> None:
    """One line for who watches."""
    print(
        f"round {number + 1}  {workload.name:15} {contender.name:9} "
        f"{figures['per_second']:8.0f}/s  p50 {figures['p50']:7.2f} ms  "
        f"p99 {figures['p99']:7.2f} ms  server {figures['server_ms']:6.3f} ms  "
        f"database {figures['database_ms']:6.3f} ms{'  disturbed' * bool(figures['disturbed'])}",
        flush=True,
    )
