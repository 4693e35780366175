"""nginx with the configuration that is shipped, in front of a server of a test."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bookbridge.tests.live.server import ROOT, Answer, free_port

SHIPPED = ROOT / "deploy" / "nginx"
#: What no log may hold.
SECRET = "Zq3s-very_secret_token-7Yx"


@dataclass
class Proxy:
    """A running nginx."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """One request from the address `source`; `X_Request_ID` is the header X-Request-ID."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(source, 0)
        )
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.headers))
        finally:
            connection.close()

    def api(self, method: str, path: str, data: Any = None, token: str = "", **more: Any) -> Answer:
        """One request below /api/v1/."""
        body = None if data is None else json.dumps(data).encode()
        headers = {"Content_Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.send(method, f"/api/v1/{path}", body, **headers, **more)

    def raw(self, sent: bytes) -> Answer:
        """What comes back for bytes that no client of HTTP would send."""
        with self.connect() as connection:
            connection.sendall(sent)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response.status, response.read(), dict(response.headers))

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection, for whoever wants to be slow."""
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=30, source_address=(source, 0)
        )

    def log(self) -> str:
        """Everything it wrote."""
        return (self.folder / "output").read_text()


@contextmanager
def proxy(folder: Path, upstream: str, **changes: str) -> Iterator[Proxy]:
    """nginx in front of `upstream` (host:port); of the configuration only places are changed."""
    port = free_port()
    (folder / "static").mkdir(parents=True)
    places = {
        "server api:8000": f"server {upstream}",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/tmp/": f"{folder}/",  # first: the folder may be below it
        "/srv/static/": f"{folder}/static/",
        "worker_processes auto": "worker_processes 2",
        **changes,
    }
    shutil.copytree(SHIPPED, folder / "nginx")
    for old, new in places.items():
        found = 0
        for path in (folder / "nginx").iterdir():
            text = path.read_text()
            found += text.count(old)
            path.write_text(text.replace(old, new))
        assert found, f"{old!r} is not in the shipped configuration"
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is missing: apt-get install nginx-light"
    # As root the workers would run as nobody, who may not read the folders of tests.
    extra = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx" / "nginx.conf"), "-g", extra]
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    started = Proxy(port, folder, process)
    try:
        wait_until_listening(started)
        yield started
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_listening(started: Proxy, seconds: float = 10) -> None:
    """Return when it takes connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            started.connect().close()
            return
        except OSError:
            gone = started.process.poll() is not None
            assert not gone and time.monotonic() < deadline, started.log()  # noqa: PT018
            time.sleep(0.05)


def assert_problem(answer: Answer, status: int, code: str) -> None:
    """Whether it is a problem document, whoever made it."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "code", "request_id"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:bookbridge:problem:{code}"
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert "nginx/" not in answer.headers.get("Server", "")
