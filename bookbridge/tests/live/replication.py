"""Replicas of a PostgreSQL of one's own, by streaming replication."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bookbridge.testing import free_port
from bookbridge.tests.live.machines import (
    Machine,
    as_postgres,
    data_folder,
    postgres_program,
    wait_for_postgres,
)


@dataclass
class Copy:
    """A replica that runs, and the URL of the database in it."""

    machine: Machine
    url: str

    def ask(self, question: str) -> Any:
        """What it says itself: one value."""
        with psycopg.connect(as_libpq(self.url), autocommit=True) as connection:
            row = connection.execute(question).fetchone()
        return row[0] if row else None

    def reads(self) -> int:
        """How often tables of the platform were read in it."""
        counted = "SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_user_tables"
        return int(self.ask(counted) or 0)


def as_libpq(url: str) -> str:
    """A URL of Django's as PostgreSQL's own tools take it."""
    return url.replace("postgres://", "postgresql://", 1)


@contextmanager
def streaming_replica(folder: Path, primary: str) -> Iterator[Copy]:
    """A replica of the server at `primary`, made by pg_basebackup, that follows it."""
    with data_folder() as data:
        yield from _replica_in(data, folder, primary)


def _replica_in(data: Path, folder: Path, primary: str) -> Iterator[Copy]:
    port = free_port()
    data.chmod(0o700)
    copying = [postgres_program("pg_basebackup"), "-D", str(data), "-d", as_libpq(primary)]
    subprocess.run(
        as_postgres([*copying, *["-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]]),
        cwd="/",
        check=True,
        capture_output=True,
        timeout=120,
    )
    server = [postgres_program("postgres"), *f"-D {data} -p {port} -k {data} -h 127.0.0.1".split()]
    machine = Machine(as_postgres(server), folder / f"replica-{port}.log")
    machine.start()
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    try:
        wait_for_postgres(as_libpq(url))
        yield Copy(machine, url)
    finally:
        machine.thaw()
        machine.stop()


def wait_until(true: Any, what: str, seconds: float = 60) -> None:
    """Return when `true()` is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)
