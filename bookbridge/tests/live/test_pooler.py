"""Behind PgBouncer in transaction mode, with the configuration that is shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bookbridge.testing import free_port
from bookbridge.tests.live.machines import Machine, as_postgres, data_folder, own_postgres
from bookbridge.tests.live.replication import as_libpq
from bookbridge.tests.live.server import ROOT, Answer, Server, running
from bookbridge.tests.live.test_faults import Load
from bookbridge.tests.live.test_tour import tour

SHIPPED = ROOT / "deploy" / "pgbouncer" / "pgbouncer.ini"
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
POSTGRES = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="needs PgBouncer"),
    pytest.mark.skipif(not POSTGRES, reason="needs the programs of PostgreSQL"),
]
#: Fewer than clients, so that they have to share.
CONNECTIONS = 3


@contextmanager
def pooled(folder: Path, direct: str) -> Iterator[str]:
    """PgBouncer in front of the database at `direct`; the URL to use. Only places are changed."""
    port, database_port = free_port(), direct.rpartition(":")[2].partition("/")[0]
    with data_folder() as place:
        (place / "userlist.txt").write_text('"postgres" ""\n')
        changes = {
            "port=5432 dbname=bookbridge": f"port={database_port} dbname=postgres",
            "listen_port = 6432": f"listen_port = {port}",
            "auth_type = scram-sha-256": "auth_type = trust",
            "/etc/pgbouncer/": f"{place}/",
            "/var/run/postgresql/": f"{place}/",
            "/var/log/postgresql/": f"{place}/",
            "default_pool_size = 20": f"default_pool_size = {CONNECTIONS}",
        }
        text = SHIPPED.read_text()
        for old, new in changes.items():
            assert old in text, f"{old!r} is not in the shipped configuration"
            text = text.replace(old, new)
        (place / "pgbouncer.ini").write_text(text)
        command = as_postgres([str(PROGRAM), "--quiet", str(place / "pgbouncer.ini")])
        machine = Machine(command, folder / "pgbouncer.log")
        machine.start()
        url = f"postgres://postgres@127.0.0.1:{port}/bookbridge"
        try:
            wait_for(url, folder / "pgbouncer.log")
            yield url
        finally:
            machine.stop()


def wait_for(url: str, log: Path, seconds: float = 30) -> None:
    """Return when it answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(as_libpq(url), connect_timeout=2, prepare_threshold=None):
                return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@dataclass
class Site:
    """A server behind the pooler, and the addresses of pooler and database."""

    server: Server
    url: str
    direct: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that knows the database by way of the pooler; its migrations went past it."""
    folder = tmp_path_factory.mktemp("pooled")
    with own_postgres(folder) as (_machine, direct), pooled(folder, direct) as url:
        variables = {"DATABASE_POOLER": "transaction", "DATABASE_DIRECT_URL": direct}
        with running(folder, url, **variables) as server:
            yield Site(server, url, direct)


def test_the_tour_passes(site: Site, tmp_path: Path) -> None:
    owner = site.server.register("librarian")
    book = {
        "title": "Dom Casmurro",
        "authors": ["Machado de Assis"],
        "isbns": ["9780850515039"],
        "published_year": 1899,
    }
    assert site.server.api("POST", "books/", book, token=owner).status == 201
    lines = tour().replace("http://127.0.0.1:8000", site.server.url)
    done = subprocess.run(
        ["bash", "-eu"], input=lines, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert '"code"' not in done.stdout, done.stdout


def test_parallel_clients_share_few_connections(site: Site) -> None:
    load = Load(site.server, site.server.register("parallel"))
    load.run(lambda: time.sleep(6))
    assert load.statuses() <= {200, 201}, load.statuses()
    assert load.acknowledged
    with psycopg.connect(as_libpq(site.direct)) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bookbridge'"
        ).fetchone()
    assert counted is not None
    assert 0 < counted[0] <= CONNECTIONS


def test_a_key_used_by_many_at_once_has_one_effect(site: Site) -> None:
    token = site.server.register("hasty")
    club = {"name": "Once", "description": "", "visibility": "public"}
    headers = {"Idempotency-Key": "the-same-key"}

    def post(_turn: int) -> Answer:
        return site.server.api("POST", "clubs/", club, token=token, headers=headers)

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(post, range(16)))
    assert {answer.status for answer in answers} <= {201, 409}
    made = {answer.json()["slug"] for answer in answers if answer.status == 201}
    assert len(made) == 1


def test_time_limits_come_from_the_pooler(site: Site) -> None:
    with psycopg.connect(as_libpq(site.url), prepare_threshold=None) as connection:
        shown = connection.execute("SHOW statement_timeout").fetchone()
        assert shown == ("5s",)
    for key in ("lock_timeout", "idle_in_transaction_session_timeout"):
        with psycopg.connect(as_libpq(site.url), prepare_threshold=None) as connection:
            assert connection.execute(f"SHOW {key}").fetchone() != ("0",)


def test_the_doctor_asks_the_pooler(site: Site) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=site.server.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "connections through it have their time limits" in done.stdout, done.stdout
