"""Which server serves, and how large it is: `python -m bookbridge.serving`.

`SERVER=gunicorn` is the default (its settings are in gunicorn.conf.py). `SERVER=granian` answers
the same requests with less work for each; it is installed only where it is asked for.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bookbridge import allocation, environment

GUNICORN, GRANIAN = "gunicorn", "granian"
APPLICATION = "bookbridge.wsgi:application"
#: New clients that wait for a place. Granian takes no fewer than 128.
BACKLOG = {GUNICORN: 64, GRANIAN: 128}
#: Seconds for open requests when the server stops, and for the head of a request to arrive.
STOP_SECONDS = 30
#: The head of a request, in bytes, that granian reads at most.
LONGEST_HEAD = 64 * 1024
#: Processes of granian are renewed after so many seconds; it does not count requests.
LIFETIME_SECONDS = 6 * 60 * 60


@dataclass(frozen=True)
class Extent:
    """Where a server listens, in how many processes of how many threads."""

    bind: str
    workers: int
    threads: int


def extent(variables: Mapping[str, str]) -> Extent:
    """What the environment asks for.

    Without Redis each process has a cache and limits of its own, and SQLite knows one writer at
    a time: then there is one process with more threads.
    """
    shared = variables.get("DATABASE_URL", "").startswith(("postgres", "psql", "pgsql")) and bool(
        variables.get("REDIS_URL")
    )
    return Extent(
        bind=variables.get("BIND") or "127.0.0.1:8000",  # nothing public unless asked for
        workers=int(variables.get("WEB_CONCURRENCY") or 2) if shared else 1,
        threads=int(variables.get("WEB_THREADS") or (6 if shared else 12)),
    )


def chosen(variables: Mapping[str, str]) -> str:
    """The name of the server.

    Raises:
        ValueError: there is no such server.
    """
    name = variables.get("SERVER") or GUNICORN
    if name not in BACKLOG:
        raise ValueError(f"SERVER={name} is no server: gunicorn or granian")
    return name


def arguments(variables: Mapping[str, str]) -> list[str]:
    """What Python is started with.

    Raises:
        ValueError: the server is unknown, not installed, or cannot listen there.
    """
    if chosen(variables) == GUNICORN:
        return ["-m", "gunicorn"]
    if importlib.util.find_spec("granian") is None:
        raise ValueError(
            "granian is not installed: `SERVER=granian make setup` (or "
            "`pip install -r requirements-granian.txt`)"
        )
    size = extent(variables)
    options: dict[str, str | int] = {
        "--interface": "wsgi",
        "--http": "1",
        "--workers": size.workers,
        "--blocking-threads": size.threads,
        "--backlog": BACKLOG[GRANIAN],
        "--backpressure": BACKLOG[GRANIAN],
        "--http1-header-read-timeout": STOP_SECONDS * 1000,
        "--http1-buffer-size": LONGEST_HEAD,
        "--workers-kill-timeout": STOP_SECONDS,
        "--log-level": "warning",
        **_address(size.bind),
    }
    if size.workers > 1:
        options["--workers-lifetime"] = LIFETIME_SECONDS
    listed = [str(part) for pair in options.items() for part in pair]
    return ["-m", "granian", *listed, "--no-ws", "--respawn-failed-workers", APPLICATION]


def _address(bind: str) -> dict[str, str]:
    """Where granian listens."""
    if bind.startswith("unix:"):
        return {"--uds": bind.removeprefix("unix:")}
    host, _colon, port = bind.rpartition(":")
    if not port.isdigit():
        raise ValueError(f"BIND={bind} is no address for granian: host:port or unix:/path")
    return {"--host": host.strip("[]") or "0.0.0.0", "--port": port}  # noqa: S104


def main() -> None:
    """Become the server."""
    environment.load()
    try:
        command = [sys.executable, *arguments(os.environ)]
    except ValueError as error:
        sys.exit(str(error))
    allocation.in_large_pages(os.environ)
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()
