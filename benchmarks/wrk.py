"""The load: wrk, driven by a list of requests, and what it says at the end."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")
MARK = "RESULT "


@dataclass(frozen=True)
class Request:
    """One request; headers as pairs, the body as text."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def line(self) -> str:
        """As `requests.lua` reads it: JSON has no tab and no newline outside of escapes."""
        headers = "\x1f".join(f"{name}: {value}" for name, value in self.headers)
        return "\t".join((self.method, self.path, headers, self.body))


@dataclass(frozen=True)
class Load:
    """What wrk measured. Times in milliseconds.

    `refused` counts answers of 400 and above, `lost` requests without an answer.
    """

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    longest: float
    refused: int
    lost: int

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0


class LoadError(RuntimeError):
    """wrk did not run, or said nothing."""


def parse(output: str) -> Load:
    """What the script printed at the end.

    Raises:
        LoadError: there is no result in it.
    """
    for line in output.splitlines():
        if line.startswith(MARK):
            found = json.loads(line.removeprefix(MARK))
            lost = found["connect"] + found["read"] + found["write"] + found["timeout"]
            return Load(
                requests=int(found["requests"]),
                seconds=found["duration_us"] / 1e6,
                p50=found["p50_us"] / 1e3,
                p95=found["p95_us"] / 1e3,
                p99=found["p99_us"] / 1e3,
                longest=found["max_us"] / 1e3,
                refused=int(found["status"]),
                lost=int(lost),
            )
    raise LoadError(f"wrk gave no result:\n{output[-2000:]}")


def command(
    base: str,
    requests: Path,
    *,
    connections: int,
    seconds: float,
    core: int | None,
    timeout: int = 10,
) -> list[str]:
    """How wrk is started; it counts in whole seconds."""
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
    return [
        *pinned,
        shutil.which("wrk") or "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{max(1, round(seconds))}s",
        "--timeout",
        f"{timeout}s",
        "--script",
        str(SCRIPT),
        base,
        "--",
        str(requests),
    ]


def write_requests(path: Path, requests: Iterable[Request]) -> Path:
    """The file that the script reads."""
    path.write_text("".join(f"{request.line()}\n" for request in requests), encoding="utf-8")
    return path


def run(arguments: Sequence[str]) -> Load:
    """Run wrk to its end.

    Raises:
        LoadError: it failed.
    """
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=7_200, check=False)
    if done.returncode:
        raise LoadError(f"wrk failed: {done.stderr or done.stdout}")
    return parse(done.stdout)
