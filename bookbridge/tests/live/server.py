"""A server of one's own for a test: gunicorn, a fresh database, keys that nobody else has."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from bookbridge.testing import free_port

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
START_SECONDS = 60


@dataclass
class Answer:
    """What came back: a status of 0 stands for a connection without an answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def send(
    method: str,
    url: str,
    data: Any = None,
    *,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 30,
) -> Answer:
    """One request over the network."""
    request = urllib.request.Request(url, method=method)
    request.add_header("Accept", "application/json")
    if data is not None:
        request.data = json.dumps(data).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return Answer(response.status, response.read(), dict(response.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(), dict(error.headers))
    except (OSError, ValueError):
        return Answer(0, b"", {})


@dataclass
class Server:
    """A running server; `url` has no slash at the end."""

    url: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def api(self, method: str, path: str, data: Any = None, **kwargs: Any) -> Answer:
        """One request below /api/v1/."""
        return send(method, f"{self.url}/api/v1/{path}", data, **kwargs)

    def register(self, username: str) -> str:
        """Make a reader; the access token of their first session."""
        person = {
            "username": username,
            "email": f"{username}@example.org",
            "password": PASSWORD,
        }
        made = self.api("POST", "auth/register/", person)
        assert made.status == 201, made.body
        return self.sign_in(username)

    def sign_in(self, username: str) -> str:
        """A new access token."""
        signed_in = self.api("POST", "auth/token/", {"login": username, "password": PASSWORD})
        assert signed_in.status == 200, signed_in.body
        return str(signed_in.json()["access"])

    def manage(self, *arguments: str) -> str:
        """Run a management command on the server's database."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database of the kind that the suite runs on."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("postgresql"):
        yield f"sqlite:///{folder / 'live.sqlite3'}"
        return
    name = f"bb_live_{secrets.token_hex(4)}"
    user, password = database["USER"], database.get("PASSWORD") or ""
    secret = f":{password}" if password else ""
    server = f"{user}{secret}@{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"postgres://{server}/{name}"
    finally:
        with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def running(folder: Path, database_url: str, **variables: str) -> Iterator[Server]:
    """A server on `database_url`, migrated, with `variables` in its environment."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "bookbridge.settings.dev",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "JWT_SIGNING_KEYS": key,
        "SEALING_KEYS": key,
        "RETIRED_NAME_KEYS": key,
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.REDIS_URL,
        "BIND": f"127.0.0.1:{port}",
        "RATE_LIMIT_FACTOR": "10000",
        "OPENLIBRARY_URL": "",
        "DEMO": "0",
        **variables,
    }
    log = folder / f"server-{port}.log"
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=300,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", environment, log, process)
    try:
        wait_until_alive(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_alive(server: Server) -> None:
    """Return when the server answers; fail with its log when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while send("GET", f"{server.url}/livez", timeout=2).status != 200:
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the server did not start:\n{server.log.read_text()}")
        time.sleep(0.1)
