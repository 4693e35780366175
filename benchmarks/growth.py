"""What a request costs as the platform grows: the same workloads on databases of growing size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks import dataset, machine, results
from benchmarks import subjects as choice
from benchmarks.checking import check
from benchmarks.contenders import CONTENDERS
from benchmarks.measuring import Gauge, Patience, measure
from benchmarks.server import ensure_packages
from benchmarks.services import Services, free_port
from benchmarks.services import running as services_running
from benchmarks.summary import condensed
from benchmarks.table import Bench
from benchmarks.workloads import Workload

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 5_000_000
ROUNDS, SECONDS = 3, 2


def run(workloads: Sequence[Workload], *, long: bool, quick: bool) -> None:
    """Measure BookBridge at each size, and keep the curves."""
    ensure_packages()
    sizes = SIZES[:2] if quick else (*SIZES, *((LARGEST,) if long else ()))
    with services_running() as services:
        found = results.circumstances(services, machine.cores())
        found["titles"] = {workload.name: workload.title for workload in workloads}
        found["rounds"] = 1 if quick else ROUNDS
        found["sizes"], found["disturbed"] = {}, []
        for size in sizes:
            wanted = [one for one in workloads if size < LARGEST or not one.writes]
            found["sizes"][str(size)] = at_size(
                services, size, wanted, found["rounds"], found["disturbed"]
            )
    print(f"Written to {results.keep('growth', found)}.")


def at_size(
    services: Services,
    size: int,
    workloads: Sequence[Workload],
    rounds: int,
    disturbed: list[str],
) -> dict[str, Any]:
    """The figures of each workload on one platform, and how large it is."""
    seeded = dataset.prepare(services, dataset.Extent(size))
    own = CONTENDERS[0]
    with dataset.copied(services, seeded) as name:
        subjects, port = choice.find(services, name), free_port()
        checked = check(services, name, subjects, workloads, [own], port)
        gauge = Gauge(services, name, machine.cores())
        bench = Bench(services, name, subjects, gauge, checked, port)
        patience = Patience(max(3, rounds * len(workloads) // 4))
        figures: dict[str, list[dict[str, float]]] = defaultdict(list)
        for _round in range(rounds):
            with bench.serve(own) as server:
                for workload in workloads:
                    one = measure(
                        server, workload, subjects, gauge, seconds=SECONDS, patience=patience
                    )
                    figures[workload.name].append(one)
                    print(
                        f"{size:>9,} reviews  {workload.name:15} server {one['server_ms']:6.3f} ms"
                        f"  database {one['database_ms']:6.3f} ms  p50 {one['p50']:7.2f} ms",
                        flush=True,
                    )
        disturbed += [f"{size:,} reviews, {what}" for what in patience.kept]
        return {
            "extent": results.size_of(services, name, subjects),
            "workloads": {name: condensed(rounds) for name, rounds in figures.items()},
        }
