"""The key changes while clients work: nobody is refused, and other services can follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import jwt
import pytest

from bookbridge.tests.live.server import PASSWORD, Server, fresh_database, running, send

#: Waits for a key to sign, which takes half a minute at least.
pytestmark = pytest.mark.slow
CLIENTS = 4
LONGEST_SECONDS = 240


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose processes read their keys again each second."""
    folder = tmp_path_factory.mktemp("rotation")
    with (
        fresh_database(folder) as url,
        running(folder, url, JWT_KEYRING_SECONDS="1") as started,
    ):
        yield started


def key_set(server: Server) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(send("GET", f"{server.url}/.well-known/jwks.json").json())


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_no_request_is_refused_while_the_key_changes(server: Server) -> None:
    names = [f"reader-{number}" for number in range(CLIENTS)]
    for name in names:
        server.register(name)
    old = key_set(server).keys[0].key_id
    lines = server.manage("rotate_signing_key", "--now").splitlines()
    new = lines[0].split()[0]
    assert f"{new} is published and signs from" in lines[0]
    time.sleep(3)  # each process has read its keys again
    kept = key_set(server)  # as another service keeps it through the whole change
    assert {key.key_id for key in kept.keys} == {old, new}
    changed = {name: Event() for name in names}
    deadline = time.monotonic() + LONGEST_SECONDS

    def work(name: str) -> list[str]:
        """Use and refresh tokens until all have seen the new key; gives what went wrong."""
        wrong: list[str] = []
        login = {"login": name, "password": PASSWORD}
        pair: Any = server.api("POST", "auth/token/", login).json()
        first = pair["access"]
        while time.monotonic() < deadline:
            everybody = all(event.is_set() for event in changed.values())
            for token in (first, pair["access"]):
                answer = server.api("GET", "users/me/", token=token)
                if answer.status != 200:
                    wrong.append(f"{kid_of(token)}: {answer.status} {answer.body!r}")
            refreshed = server.api("POST", "auth/token/refresh/", {"refresh": pair["refresh"]})
            if refreshed.status != 200:
                return [*wrong, f"refresh: {refreshed.status} {refreshed.body!r}"]
            pair = refreshed.json()
            jwt.decode(
                pair["access"],
                kept[kid_of(pair["access"])],
                ["EdDSA"],
                audience="bookbridge",
                issuer="bookbridge",
            )
            if kid_of(pair["access"]) == new:
                changed[name].set()
            if everybody:
                return wrong
            time.sleep(0.1)
        return [*wrong, "the key did not change"]

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert [fault for faults in pool.map(work, names) for fault in faults] == []


def test_keys_that_are_no_longer_safe_end_at_once(server: Server) -> None:
    token = server.register("late")
    assert server.api("GET", "users/me/", token=token).status == 200
    kid = server.manage("rotate_signing_key", "--compromised").split()[0]
    deadline = time.monotonic() + LONGEST_SECONDS
    while server.api("GET", "users/me/", token=token).status != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(3)
    assert [key.key_id for key in key_set(server).keys] == [kid]
    assert server.api("GET", "users/me/", token=token).status == 401
    assert server.api("GET", "users/me/", token=server.sign_in("late")).status == 200
