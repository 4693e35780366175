"""A PostgreSQL and a Redis of one's own, to stop and to freeze."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from bookbridge.testing import free_port


def as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then as the user `postgres`."""
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
    return command


def postgres_program(name: str) -> str:
    """Where a program of PostgreSQL is: on the path, or where Debian keeps it."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    assert found, f"{name} is missing: apt-get install postgresql"
    return found


@dataclass
class Machine:
    """One server process that can be stopped, frozen and started again."""

    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it; whether it answers is asked elsewhere."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd="/", stdout=output, stderr=subprocess.STDOUT
            )

    def send(self, number: int) -> None:
        """Send a signal to it and to its children."""
        assert self.process
        children = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)],
            capture_output=True,
            text=True,
        ).stdout.split()
        for pid in [self.process.pid, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self) -> None:
        """Let it take connections and never answer."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.send(signal.SIGCONT)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it and wait for its end."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def own_postgres(folder: Path) -> Iterator[tuple[Machine, str]]:
    """A PostgreSQL with safe storage (the default), and the URL of an empty database."""
    with data_folder() as data:
        yield from _postgres_in(data, folder)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for the files of a PostgreSQL, which its user may enter.

    Not below the folders of pytest: each run of it anywhere on the machine shuts those again.
    """
    with tempfile.TemporaryDirectory(prefix="bookbridge-postgres-") as made:
        if os.geteuid() == 0:
            shutil.chown(made, "postgres", "postgres")
        yield Path(made)


def _postgres_in(data: Path, folder: Path) -> Iterator[tuple[Machine, str]]:
    subprocess.run(
        as_postgres(
            [postgres_program("initdb"), *f"-D {data} -U postgres -A trust -E UTF8".split()]
        ),
        cwd="/",
        check=True,
        capture_output=True,
    )
    port = free_port()
    server = as_postgres(
        [postgres_program("postgres"), *f"-D {data} -p {port} -k {data} -h 127.0.0.1".split()]
    )
    machine = Machine(server, folder / "postgres.log")
    machine.start()
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        wait_for_postgres(address)
        yield machine, address.replace("postgresql://", "postgres://")
    finally:
        machine.thaw()
        machine.stop()


def wait_for_postgres(address: str, seconds: float = 30) -> None:
    """Return when it answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(address, connect_timeout=2):
                return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)


@contextmanager
def own_redis(folder: Path) -> Iterator[tuple[Machine, str]]:
    """A Redis, and its URL."""
    program = shutil.which("redis-server")
    assert program, "redis-server is missing: apt-get install redis-server"
    port = free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    machine = Machine([*command, "--appendonly", "no", "--dir", str(folder)], folder / "redis.log")
    machine.start()
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_for_redis(url)
        yield machine, url
    finally:
        machine.thaw()
        machine.stop(signal.SIGTERM)


def wait_for_redis(url: str, seconds: float = 15) -> None:
    """Return when it answers."""
    deadline = time.monotonic() + seconds
    client = redis.Redis.from_url(url, socket_timeout=1)
    while True:
        try:
            client.ping()
            return
        except redis.RedisError:
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(0.1)
