"""PostgreSQL and Redis: those that are named in the environment, or private ones in var/bench."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
DATABASE = "bookbridge_bench"
START_SECONDS = 60


class Unable(RuntimeError):
    """The benchmark cannot run; the message says why and what helps."""


@dataclass(frozen=True)
class Services:
    """Where they are. The Redis database is emptied by the benchmark."""

    database_url: str
    redis_url: str
    private: bool

    def named(self, name: str) -> str:
        """The URL of another database of the same server."""
        return urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))

    @property
    def name(self) -> str:
        """The name of the database."""
        return urlsplit(self.database_url).path.lstrip("/")

    def connect(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits each statement."""
        return psycopg.connect(
            self.named(name).replace("postgres://", "postgresql://"), autocommit=True
        )

    def cache(self) -> redis.Redis:
        """The Redis."""
        client: redis.Redis = redis.Redis.from_url(self.redis_url, socket_timeout=10)
        return client


@contextmanager
def running() -> Iterator[Services]:
    """The services, for as long as they are needed.

    Raises:
        Unable: they do not answer, or a program is missing.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("DATABASE_URL", "")
    if given and not given.startswith(("postgres://", "postgresql://")):
        raise Unable("DATABASE_URL is not of PostgreSQL; without it a private one is started")
    os.environ.setdefault("PGSSLMODE", "disable")  # the same for all, on loopback
    with ExitStack() as stack:
        database_url = given or stack.enter_context(own_postgres())
        redis_url = os.environ.get("REDIS_URL") or stack.enter_context(own_redis())
        found = Services(database_url, redis_url, private=not given)
        wait(found)
        with found.connect("postgres") as connection:
            if connection.execute("SHOW autovacuum").fetchone() != ("on",):
                raise Unable("autovacuum is off on this server: tables that grow keep old plans")
        yield found


def wait(services: Services) -> None:
    """Return when both answer.

    Raises:
        Unable: one does not.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            services.connect("postgres").close()
            services.cache().ping()
            return
        except (psycopg.OperationalError, redis.RedisError) as error:
            if time.monotonic() > deadline:
                raise Unable(f"PostgreSQL or Redis does not answer: {error}") from error
            time.sleep(0.2)


@contextmanager
def own_postgres() -> Iterator[str]:
    """A PostgreSQL whose data stay in var/bench, so that what was seeded is kept."""
    data, port = FOLDER / "postgres", free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    if not (data / "PG_VERSION").exists():
        data.mkdir(exist_ok=True)
        if as_user:
            shutil.chown(data, "postgres", "postgres")
            for path in (FOLDER, *FOLDER.parents):
                path.chmod(path.stat().st_mode | 0o011)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*as_user, program("initdb"), "-D", str(data), *options],
            cwd="/", check=True, capture_output=True,
        )  # fmt: skip
    settings = ("shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=30min")
    command = [*as_user, program("postgres"), "-D", str(data), "-h", "127.0.0.1"]
    command += ["-p", str(port), "-k", str(data), *(f"--{setting}" for setting in settings)]
    with started(command, FOLDER / "postgres.log", stop_with=2):
        yield f"postgres://postgres@127.0.0.1:{port}/{DATABASE}"


@contextmanager
def own_redis() -> Iterator[str]:
    """A Redis that keeps nothing."""
    found = shutil.which("redis-server")
    if found is None:
        raise Unable("redis-server is missing: sudo apt-get install redis-server")
    port = free_port()
    command = [found, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", "/tmp"]  # noqa: S108
    with started([*command, "--appendonly", "no"], FOLDER / "redis.log"):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def started(command: list[str], log: Path, stop_with: int = 15) -> Iterator[int]:
    """A process, stopped at the end with a signal; gives its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd="/", stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process.pid
    finally:
        process.send_signal(stop_with)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def program(name: str) -> str:
    """Where a program of PostgreSQL is: on the path, or where Debian keeps it.

    Raises:
        Unable: nowhere.
    """
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(kept[-1]) if kept else None)
    if found is None:
        raise Unable(f"{name} is missing: sudo apt-get install postgresql")
    return found


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
