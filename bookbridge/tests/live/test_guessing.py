"""Five hundred wrong passwords at once against a real server: at most ten reach the hasher."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings

from bookbridge.tests.live.server import PASSWORD, Answer, Server, fresh_database, running

pytestmark = pytest.mark.postgres
ATTEMPTS = 500
TRIES = 50
#: A loaded machine is slow, not broken.
PATIENT = {"DATABASE_STATEMENT_TIMEOUT": "60s", "DATABASE_LOCK_TIMEOUT": "60s"}


@pytest.fixture(params=["behind a proxy, with Redis", "no proxy, without Redis"])
def guessed_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with a reader called `ana`."""
    variables = dict(PATIENT)
    if request.param == "no proxy, without Redis":
        variables |= {"REDIS_URL": ""}
    elif settings.REDIS_URL:
        variables |= {"TRUSTED_PROXY_COUNT": "1"}
    else:
        pytest.skip("needs Redis")
    with fresh_database(tmp_path) as url, running(tmp_path, url, **variables) as server:
        server.register("ana")
        yield server


def at_once(number: int, act: Callable[[int], Answer]) -> list[Answer]:
    ready = Barrier(number, timeout=120)

    def start(turn: int) -> Answer:
        ready.wait()
        return act(turn)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(start, range(number)))


def address(chance: random.Random) -> str:
    return ".".join(str(chance.randrange(1, 255)) for _ in range(4))


def hashed(server: Server) -> int:
    """How many wrong passwords were looked at, by what the server wrote down."""
    found = 0
    for line in server.log.read_text().splitlines():
        if line.startswith("{"):
            entry: dict[str, Any] = json.loads(line)
            found += entry.get("message") == "sign_in_failed"
    return found


def test_ten_of_five_hundred_reach_the_hasher(guessed_at: Server) -> None:
    server = guessed_at
    chance = random.Random(3)
    forged = [(address(chance), address(chance)) for _ in range(ATTEMPTS)]

    def guess(turn: int) -> Answer:
        # With a proxy the last entry is the client: everybody comes from elsewhere. Without one
        # the header is whatever somebody wrote, and all come from one address.
        headers = {"X-Forwarded-For": ", ".join(forged[turn]), "X-Real-IP": forged[turn][0]}
        body = {"login": "ana", "password": f"wrong password {turn}"}
        for _again in range(TRIES):
            answer = server.api("POST", "auth/token/", body, headers=headers, timeout=240)
            if answer.status:  # else the queue of the server was full: nobody read it
                break
        return answer

    answers = at_once(ATTEMPTS, guess)
    statuses = Counter(answer.status for answer in answers)
    # 503: the hasher was busy and nobody looked.
    assert set(statuses) <= {401, 429, 503}, statuses
    assert 1 <= statuses[401] <= hashed(server) <= 10, statuses
    refused = [answer for answer in answers if answer.status == 429]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)

    # What the busy ones left can be used up, and then the right password is not looked at either.
    after = [guess(turn).status for turn in range(12)]
    assert after[-1] == 429, after
    assert hashed(server) == 10
    body = {"login": "ana", "password": PASSWORD}
    stranger = {"X-Forwarded-For": "192.0.2.1"}
    assert server.api("POST", "auth/token/", body, headers=stranger).status == 429
