"""Generated requests, valid and not, as a visitor and as a member: every answer is as documented.

The judge is schemathesis with all its checks; `schemathesis.toml` names what a schema cannot
say. A few hundred cases each run always, thousands in `make check-long`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bookbridge.tests.live.server import ROOT, Server, fresh_database, running

#: Operations that end the account or the session they run with: they run apart, not here.
ENDING = ("/api/v1/users/me/", "DELETE"), ("/api/v1/auth/logout/", "POST")


class _EmptyLibrary(BaseHTTPRequestHandler):
    """An Open Library that knows no book."""

    def do_GET(self) -> None:
        """Answer as for an unknown ISBN."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a club, a book on its list, and a review; and a library without books."""
    library = ThreadingHTTPServer(("127.0.0.1", 0), _EmptyLibrary)
    threading.Thread(target=library.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{library.server_address[1]}"
    folder = tmp_path_factory.mktemp("fuzz")
    with (
        fresh_database(folder) as url,
        running(folder, url, OPENLIBRARY_URL=address, ACCESS_TOKEN_SECONDS="86400") as started,
    ):
        yield started
    library.shutdown()
    library.server_close()


@pytest.fixture(scope="module")
def member(server: Server) -> str:
    """The token of the owner of the club in which most cases happen."""
    token = server.register("member")
    club = server.api("POST", "clubs/", {"name": "Fuzz"}, token=token).json()
    book = server.api("POST", "books/", {"title": "A book", "authors": ["B"]}, token=token).json()
    entry = {"book": book["id"], "status": "reading"}
    made = server.api("POST", f"clubs/{club['slug']}/books/", entry, token=token)
    assert made.status == 201
    review = {"book": book["id"], "rating": 4}
    assert server.api("POST", "reviews/", review, token=token).status == 201
    return token


def fuzz(server: Server, token: str, folder: Path, examples: int, seconds: int) -> int:
    """Run the judge; the number of cases, or a failure with its report."""
    excluded = [part for path, _ in ENDING for part in ("--exclude-path", path)]
    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis",
            "--config-file",
            ROOT / "schemathesis.toml",
            "run",
            f"{server.url}/api/schema/",
            "--checks=all",
            "--max-examples",
            str(examples),
            "--continue-on-failure",
            "--workers=1",
            "--seed=20261120",
            "--suppress-health-check=all",
            "--warnings=off",
            *(excluded if token else []),
        ],
        cwd=folder,
        env={
            **os.environ,
            "BOOKBRIDGE_AUTHORIZATION": f"Bearer {token}" if token else "",
            "BOOKBRIDGE_SLUG": "fuzz",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    report = done.stdout + done.stderr
    (folder / "schemathesis.txt").write_text(report)
    assert done.returncode == 0, report[-20_000:]
    counted = re.search(r"([\d,]+) generated", report)
    assert counted, report[-2_000:]
    return int(counted[1].replace(",", ""))


def test_a_few_hundred_requests_of_a_visitor(server: Server, member: str, tmp_path: Path) -> None:
    assert fuzz(server, "", tmp_path, examples=3, seconds=900) >= 300


def test_a_few_hundred_requests_of_a_member(server: Server, member: str, tmp_path: Path) -> None:
    assert fuzz(server, member, tmp_path, examples=3, seconds=900) >= 300


@pytest.mark.slow
def test_five_thousand_requests_of_a_visitor(server: Server, member: str, tmp_path: Path) -> None:
    assert fuzz(server, "", tmp_path, examples=60, seconds=3600) >= 5_000


@pytest.mark.slow
def test_five_thousand_requests_of_a_member(server: Server, member: str, tmp_path: Path) -> None:
    assert fuzz(server, member, tmp_path, examples=60, seconds=3600) >= 5_000


def test_no_request_so_far_left_a_trace_of_a_fault_in_the_log(server: Server) -> None:
    log = server.log.read_text()
    assert "internal_error" not in log
    assert "Traceback" not in log
