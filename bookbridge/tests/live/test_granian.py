"""The optional server: the same answers, at once to many, and nothing lost when it stops."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bookbridge.tests.live.server import Answer, Server, fresh_database, running

pytestmark = pytest.mark.granian

CLIENTS = 24


@pytest.fixture(scope="module")
def granian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("granian")
    with fresh_database(folder) as url, running(folder, url, SERVER="granian") as started:
        yield started


def headers_of(answer: Answer) -> dict[str, str]:
    """By names in lower case, as this server writes them."""
    return {name.lower(): value for name, value in answer.headers.items()}


def test_it_reads_writes_and_refuses(granian: Server) -> None:
    token = granian.register("granian-reader")
    club = {"name": "Under another server", "description": "Wir lesen *langsam*. é"}
    made = granian.api("POST", "clubs/", club, token=token)
    assert made.status == 201
    shown = granian.api("GET", f"clubs/{made.json()['slug']}/", token=token)
    assert shown.json()["description"] == club["description"]
    assert "gunicorn" not in headers_of(shown).get("server", "")
    unchanged = {"If-None-Match": headers_of(shown)["etag"]}
    again = granian.api("GET", f"clubs/{made.json()['slug']}/", token=token, headers=unchanged)
    assert (again.status, again.body) == (304, b"")
    missing = granian.api("GET", "clubs/no-such-club/")
    assert (missing.status, missing.json()["code"]) == (404, "not_found")
    assert headers_of(missing)["content-type"].startswith("application/problem+json")
    large = granian.api("POST", "clubs/", {"name": "x" * 1_200_000}, token=token)
    assert large.status == 413


def test_many_at_once_are_all_answered(granian: Server) -> None:
    ready = threading.Barrier(CLIENTS)

    def read(_turn: int) -> int:
        ready.wait()
        return granian.api("GET", "clubs/").status

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert set(pool.map(read, range(CLIENTS))) == {200}


def test_a_connection_is_kept_and_an_endless_head_is_not_read(granian: Server) -> None:
    host, _colon, port = granian.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    try:
        connection.connect()
        first = connection.sock
        for _turn in range(3):
            connection.request("GET", "/livez")
            assert connection.getresponse().read()
        assert connection.sock is first
    finally:
        connection.close()
    too_long = {"X-Long": "x" * 200_000}
    assert granian.api("GET", "clubs/", headers=too_long).status in (0, 400, 431)


def test_the_log_has_one_line_for_each_request(granian: Server) -> None:
    granian.api("GET", "clubs/", headers={"X-Request-ID": "granian-line-1"})
    lines = [line for line in granian.log.read_text().splitlines() if line.startswith("{")]
    ids = [json.loads(line)["request_id"] for line in lines]
    assert ids.count("granian-line-1") == 1
