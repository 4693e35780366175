"""Redis stopped and frozen, PostgreSQL restarted, all under load.

What is promised: with Redis away every request is answered, none with 5xx; with PostgreSQL away
there is nothing but 503 with Retry-After, and no acknowledged write is lost.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bookbridge.tests.live.machines import (
    Machine,
    own_postgres,
    own_redis,
    wait_for_postgres,
    wait_for_redis,
)
from bookbridge.tests.live.server import Server, running, send

pytestmark = pytest.mark.slow
CLIENTS = 8


@dataclass
class Site:
    """A server with machines of its own behind it."""

    server: Server
    postgres: Machine
    postgres_url: str
    redis: Machine
    redis_url: str


@dataclass
class Load:
    """Clients that read and write until told to stop, and what they were told."""

    server: Server
    token: str
    answers: list[tuple[str, int, float, dict[str, str]]] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: secrets.token_hex(4))

    def run(self, fault: Callable[[], Any]) -> None:
        """Have `fault` happen while the clients work."""
        clients = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            fault()
        finally:
            self.stopped.set()
            for client in clients:
                client.join(60)

    def _client(self, number: int) -> None:
        turn = 0
        while not self.stopped.is_set():
            turn += 1
            if turn % 3 == 0:
                name = f"{self.name} {number}-{turn}"
                book = {"title": f"Book {name}", "authors": [f"Author {name}"]}
                answer = self._timed("POST", "books/", book)
                if answer.status == 201:
                    self.acknowledged.append(answer.json()["id"])
            else:
                self._timed("GET", ("books/", "stats/", "users/me/")[turn % 3])

    def _timed(self, method: str, path: str, data: Any = None) -> Any:
        began = time.monotonic()
        answer = self.server.api(method, path, data, token=self.token)
        seconds = time.monotonic() - began
        self.answers.append((f"{method} {path}", answer.status, seconds, answer.headers))
        return answer

    def statuses(self) -> set[int]:
        """Every status that was met."""
        return {status for _, status, _, _ in self.answers}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server and its machines."""
    folder = tmp_path_factory.mktemp("faults")
    with (
        own_postgres(folder) as (postgres, postgres_url),
        own_redis(folder) as (cache, redis_url),
        running(folder, postgres_url, REDIS_URL=redis_url) as server,
    ):
        yield Site(server, postgres, postgres_url, cache, redis_url)


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    """A reader's token that outlives the tests."""
    return site.server.register("steady")


def fresh(site: Site) -> str:
    return site.server.sign_in("steady")


def test_with_redis_stopped_every_request_is_answered(site: Site, token: str) -> None:
    load = Load(site.server, fresh(site))

    def fault() -> None:
        time.sleep(2)
        site.redis.stop()
        time.sleep(6)
        site.redis.start()
        wait_for_redis(site.redis_url)
        time.sleep(6)

    load.run(fault)
    assert load.statuses() <= {200, 201}, load.statuses()
    assert len(load.answers) > 300


def test_with_redis_frozen_every_request_is_answered_soon(site: Site, token: str) -> None:
    load = Load(site.server, fresh(site))

    def fault() -> None:
        time.sleep(2)
        site.redis.freeze()
        time.sleep(8)
        site.redis.thaw()
        time.sleep(2)

    load.run(fault)
    assert load.statuses() <= {200, 201}, load.statuses()
    assert max(seconds for _, _, seconds, _ in load.answers) < 5


def test_a_restart_of_postgresql_loses_nothing_that_was_acknowledged(
    site: Site, token: str
) -> None:
    load = Load(site.server, fresh(site))

    def fault() -> None:
        time.sleep(2)
        site.postgres.stop()
        time.sleep(3)
        site.postgres.start()
        wait_for_postgres(site.postgres_url.replace("postgres://", "postgresql://", 1))
        time.sleep(5)

    load.run(fault)
    failures = [answer for answer in load.answers if answer[1] not in (200, 201)]
    assert failures, "the restart was not noticed: the test shows nothing"
    assert {status for _, status, _, _ in failures} == {503}
    assert all(headers.get("Retry-After") for _, _, _, headers in failures)
    assert load.answers[-1][1] in (200, 201), "not recovered"
    assert load.acknowledged
    for book in load.acknowledged:
        found = send("GET", f"{site.server.url}/api/v1/books/{book}/")
        assert found.status == 200, f"book {book} was acknowledged and is lost"


def test_with_redis_stopped_the_limit_on_guessing_holds(site: Site, token: str) -> None:
    site.server.register("guessed")
    site.redis.stop()
    try:
        statuses = [
            site.server.api(
                "POST", "auth/token/", {"login": "guessed", "password": f"wrong {n} password"}
            ).status
            for n in range(30)
        ]
        assert statuses.count(401) <= 20
        assert statuses[-1] == 429
    finally:
        site.redis.start()
        wait_for_redis(site.redis_url)
