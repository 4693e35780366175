"""A contender that runs, pinned to its core."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks import machine
from benchmarks.contenders import Contender
from benchmarks.environment import own_variables
from benchmarks.services import FOLDER, ROOT, Services, Unable
from benchmarks.wrk import Request

START_SECONDS = 60
VENV = FOLDER / "venv"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """A running contender."""

    contender: Contender
    port: int
    pid: int

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """All of its processes."""
        return machine.tree(self.pid)

    def send(self, request: Request) -> Answer:
        """One request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = dict(request.headers)
            body = request.body.encode() or None
            connection.request(request.method, request.path, body, headers)
            found = connection.getresponse()
            return Answer(found.status, dict(found.getheaders()), found.read())
        finally:
            connection.close()


def ensure_packages() -> None:
    """Install what the contenders are made of, unless exactly that is installed.

    Raises:
        Unable: it could not be installed.
    """
    wanted = sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing the contenders (once; up to a minute) ...")
    venv.create(VENV, with_pip=True, clear=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", str(REQUIREMENTS)]
    if subprocess.run(command, check=False).returncode:
        raise Unable("the contenders could not be installed; the lines above say why")
    stamp.write_text(wanted)


def published_keys(port: int) -> str:
    """The keys that verify tokens, as BookBridge publishes them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/.well-known/jwks.json")
        keys: list[object] = json.loads(connection.getresponse().read())["keys"]
        return json.dumps(keys)
    finally:
        connection.close()


@contextmanager
def running(
    contender: Contender,
    services: Services,
    database_url: str,
    *,
    port: int,
    core: int | None,
    keys: str = "[]",
    variables: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A contender on a database, at a port of 127.0.0.1, stopped at the end.

    Arguments:
        core: where it is pinned; None lets it float.
        keys: what `published_keys` gave, for all but BookBridge.

    Raises:
        Unable: it does not start.
    """
    environment = own_variables(
        database_url,
        services.redis_url,
        BIND=f"127.0.0.1:{port}",
        BENCH_KEYS=keys,
        PYTHONPATH=str(ROOT),
        **dict(contender.variables),
        **(variables or {}),
    )
    python = sys.executable if contender.own else str(VENV / "bin" / "python")
    places = {"bind": f"127.0.0.1:{port}", "host": "127.0.0.1", "port": str(port)}
    arguments = [argument.format(**places) for argument in contender.arguments]
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
    log = FOLDER / f"{contender.name}.log"
    # gunicorn reads gunicorn.conf.py of the folder it is started in: that is for BookBridge alone.
    folder = ROOT if contender.own else FOLDER
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*pinned, python, *arguments],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(contender, port, process.pid)
    try:
        _wait_until_it_answers(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            for pid in server.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            process.wait()


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError, http.client.HTTPException):
            if server.send(Request("GET", "/api/v1/no-such-route/")).status:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-3000:]
            raise Unable(f"{server.contender.title} did not start:\n{said}")
        time.sleep(0.05)
