"""The machine: which cores serve and which load, and what /proc says of time and memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """One core serves, another one sends the load; the database has a third one if there is one.

    On two cores the database shares the core of the load, so that what the server does is never
    interrupted by either.
    """

    server: int
    load: int
    database: int

    @property
    def shared(self) -> bool:
        """Whether load and database share a core."""
        return self.load == self.database


def cores(available: Iterable[int] | None = None) -> Cores:
    """The cores to use.

    Raises:
        ValueError: there is only one.
    """
    found = sorted(available if available is not None else os.sched_getaffinity(0))
    if len(found) < 2:
        raise ValueError("two cores are needed: one serves, one sends the load")
    return Cores(found[0], found[1], found[2] if len(found) > 2 else found[1])


def description() -> dict[str, str | int]:
    """The machine in words."""
    model = "unknown"
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count() or 0,
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def seconds_of(stat: str) -> float:
    """User and system seconds in a line of /proc/PID/stat, children that ended left out."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def parent_of(stat: str) -> int:
    """The parent in a line of /proc/PID/stat."""
    return int(stat.rpartition(")")[2].split()[1])


def cpu_seconds(pids: Iterable[int]) -> dict[int, float]:
    """What these processes have used since they began; those that are gone are left out."""
    used = {}
    for pid in pids:
        with suppress(OSError):
            used[pid] = seconds_of(Path(f"/proc/{pid}/stat").read_text())
    return used


def running_seconds(pids: Iterable[int]) -> float:
    """What the threads of these processes have used, to the nanosecond; what ended is left out."""
    used = 0
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                used += int(path.read_text().split()[0])
    return used / 1e9


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(parent_of(path.read_text()), []).append(int(path.parent.name))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


@dataclass(frozen=True)
class Ticks:
    """What the cores together did, in seconds since the start of the machine."""

    busy: float
    stolen: float


def ticks(stat: str | None = None, core: int | None = None) -> Ticks:
    """Of all cores, or of one, from the text of /proc/stat."""
    text = stat if stat is not None else Path("/proc/stat").read_text()
    name = "cpu" if core is None else f"cpu{core}"
    for line in text.splitlines():
        label, *numbers = line.split()
        if label == name:
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, numbers[:8])
            return Ticks((user + nice + system + irq + softirq) / TICKS, steal / TICKS)
    raise ValueError(f"/proc/stat has no {name}")


def filesystem(path: str, mounts: str | None = None) -> str:
    """The kind of file system that a path is on, from the text of /proc/mounts."""
    text = mounts if mounts is not None else Path("/proc/mounts").read_text()
    found = ("", "unknown")
    for line in text.splitlines():
        _device, place, kind, *_rest = line.split()
        inside = f"{path}/".startswith(f"{place.rstrip('/')}/")
        if inside and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def memory_mb(pids: Iterable[int]) -> dict[str, float]:
    """Resident and proportional memory of the largest of these processes, and of all together."""
    rows = []
    for pid in pids:
        with suppress(OSError):
            rows.append(memory_of(Path(f"/proc/{pid}/smaps_rollup").read_text()))
    if not rows:
        return {}
    largest = max(rows)
    return {
        "worker_rss": round(largest[0] / 1024, 1),
        "worker_pss": round(largest[1] / 1024, 1),
        "all_pss": round(sum(pss for _rss, pss in rows) / 1024, 1),
    }


def memory_of(rollup: str) -> tuple[int, int]:
    """Resident and proportional memory in KiB, from the text of smaps_rollup."""
    found = {}
    for line in rollup.splitlines():
        name, _colon, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            found[name] = int(rest.split()[0])
    return found["Rss"], found["Pss"]
