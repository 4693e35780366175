"""Where reads go: to a replica that has replayed enough, else to the primary.

Copies and primary are files of SQLite here, which are taught the functions of PostgreSQL that are
asked; real replicas are in bookbridge/tests/live/test_replicas.py.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from django.test import RequestFactory, override_settings

from bookbridge.kernel import health
from bookbridge.kernel import replicas as module
from bookbridge.kernel.replicas import Router, read_alias, reading, replicas

ALIASES = ["replica_1", "replica_2"]


class Servers:
    """What primary and replicas say of themselves; `broken` ones fail at each question."""

    def __init__(self) -> None:
        self.position = dict.fromkeys(("default", *ALIASES), 100)
        self.recovering = dict.fromkeys(ALIASES, 1)
        self.system = dict.fromkeys(("default", *ALIASES), "one")
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def ask(self, alias: str, question: str, *values: Any) -> tuple[Any, ...]:
        """In place of SQL that only PostgreSQL has."""
        self.asked.append(alias)
        if alias in self.broken:
            raise OperationalError("the server is away")
        if question == module.SERVER:
            return (self.system[alias],)
        if question == module.POSITION:
            return (self.position["default"],)
        return self.position[alias] >= values[0], self.recovering[alias]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Servers]:
    """Two replicas in the settings."""
    found = Servers()
    monkeypatch.setattr(module, "_ask", found.ask)
    for alias in ALIASES:
        copy = dict(connections.settings["default"]) | {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(tmp_path / alias),
            "OPTIONS": {},
        }
        connections.settings[alias] = copy
    replicas.forget()
    with override_settings(DATABASE_REPLICAS=ALIASES, DATABASE_REPLICA_WAIT_SECONDS=0):
        yield found
    replicas.forget()
    for alias in ALIASES:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


@pytest.fixture(autouse=True)
def _no_database_of_tests(django_db_blocker: Any) -> Iterator[None]:
    """The copies are files of each test; nothing of the suite's own database is touched."""
    with django_db_blocker.unblock():
        yield


def where() -> str:
    return reading(read_alias)


def test_without_replicas_all_is_read_from_the_primary() -> None:
    assert where() == "default"


def test_replicas_take_turns(servers: Servers) -> None:
    assert {where() for _ in range(4)} == set(ALIASES)


def test_outside_of_a_get_the_primary_is_read(servers: Servers) -> None:
    assert read_alias() == "default"
    assert servers.asked == []


def test_a_handler_stays_where_its_first_read_went(servers: Servers) -> None:
    assert len(reading(lambda: {read_alias() for _ in range(5)})) == 1


def test_a_replica_that_has_not_replayed_enough_is_not_read(servers: Servers) -> None:
    servers.position["default"] = 101
    servers.position["replica_2"] = 101
    assert {where() for _ in range(4)} == {"replica_2"}
    servers.position["default"] = 102
    assert {where() for _ in range(4)} == {"default"}


def test_one_that_is_behind_is_waited_for_a_little(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "_turn", itertools.count())  # the first one first
    servers.position["default"] = 101
    servers.position["replica_2"] = 0
    caught_up = threading.Timer(0.2, lambda: servers.position.update(replica_1=101))
    caught_up.start()
    with override_settings(DATABASE_REPLICA_WAIT_SECONDS=60):
        assert where() == "replica_1"
    caught_up.join()


def test_one_that_is_away_is_left_alone_and_tried_again(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.broken.add("replica_1")
    assert {where() for _ in range(4)} == {"replica_2"}
    servers.asked.clear()
    assert {where() for _ in range(4)} == {"replica_2"}
    assert "replica_1" not in servers.asked
    servers.broken.clear()
    later = time.monotonic() + module.DOWN_SECONDS + 1
    monkeypatch.setattr(module.time, "monotonic", lambda: later)
    assert {where() for _ in range(4)} == set(ALIASES)


def test_one_caller_at_a_time_tries_one_that_was_away(servers: Servers) -> None:
    replica = replicas.all()[0]
    replica.failed(OperationalError("away"))
    replica._retry_at = 0.0
    assert [replica.admits() for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("fault", ["promoted", "another server"])
def test_a_server_that_is_no_replica_of_ours_is_never_read(servers: Servers, fault: str) -> None:
    if fault == "promoted":
        servers.recovering["replica_1"] = 0
    else:
        servers.system["replica_1"] = "another"
    assert {where() for _ in range(4)} == {"replica_2"}
    assert replicas.states()["replica_1"] == "down"


def test_a_handler_whose_replica_fails_runs_again_on_the_primary(servers: Servers) -> None:
    seen = []

    def handler() -> str:
        seen.append(read_alias())
        if seen[-1] != "default":
            raise OperationalError("terminating connection")
        return "answer"

    assert reading(handler) == "answer"
    assert seen[0] in ALIASES
    assert seen[1:] == ["default"]
    assert replicas.named(seen[0]).state == "down"


def cancelled(sqlstate: str) -> OperationalError:
    """An error as Django makes it of one of PostgreSQL."""
    cause = Exception("cancelled")
    cause.sqlstate = sqlstate  # type: ignore[attr-defined]
    error = OperationalError("cancelled")
    error.__cause__ = cause
    return error


def test_a_conflict_with_recovery_is_no_reason_to_leave_it(servers: Servers) -> None:
    def handler() -> str:
        if (alias := read_alias()) != "default":
            raise cancelled("40001")
        return alias

    assert reading(handler) == "default"
    assert set(replicas.states().values()) == {"ok"}


def test_a_statement_that_takes_too_long_is_not_tried_again(servers: Servers) -> None:
    def handler() -> None:
        seen.append(read_alias())
        raise cancelled("57014")

    seen: list[str] = []
    with pytest.raises(OperationalError):
        reading(handler)
    assert len(seen) == 1


def test_an_error_of_the_primary_is_not_hidden(servers: Servers) -> None:
    servers.broken.add("default")
    with pytest.raises(OperationalError):
        where()


def test_an_error_that_is_not_of_the_database_passes(servers: Servers) -> None:
    def handler() -> None:
        read_alias()
        raise KeyError

    with pytest.raises(KeyError):
        reading(handler)
    assert set(replicas.states().values()) == {"ok"}


def test_what_is_read_within_looks_at_the_log_anew(servers: Servers) -> None:
    def handler() -> tuple[str, str, str]:
        before = read_alias()
        servers.position["default"] = 101  # a commit of somebody else, which now counts
        return before, reading(read_alias), read_alias()

    before, within, after = reading(handler)
    assert before in ALIASES
    assert within == "default"
    assert after == before


def test_within_a_transaction_the_primary_is_read(servers: Servers) -> None:
    def handler() -> tuple[str, str]:
        with transaction.atomic():
            inside = read_alias()
        return inside, read_alias()

    inside, outside = reading(handler)
    assert inside == "default"
    assert outside in ALIASES


def test_writes_and_tables_are_the_primarys(servers: Servers) -> None:
    router = Router()
    assert reading(lambda: router.db_for_write(None)) == "default"
    assert reading(lambda: router.db_for_read(None)) in ALIASES
    assert router.allow_relation(None, None)
    assert [router.allow_migrate(alias, "clubs") for alias in ("default", *ALIASES)] == [
        True,
        False,
        False,
    ]


def test_other_threads_have_their_own_place(servers: Servers) -> None:
    seen: list[str] = []

    def handler() -> str:
        mine = read_alias()
        other = threading.Thread(target=lambda: seen.append(read_alias()))
        other.start()
        other.join()
        return mine

    assert reading(handler) in ALIASES
    assert seen == ["default"]


def test_readyz_names_each_replica(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_database", lambda: "ok")
    monkeypatch.setattr(health, "_migrations", lambda: "ok")
    monkeypatch.setattr(health, "_cache", lambda: "ok")
    monkeypatch.setattr(health, "_outbox", lambda: "ok")
    request = RequestFactory().get("/readyz")
    assert json.loads(health.readyz(request).content)["status"] == "ok"
    servers.broken.add("replica_2")
    answer = health.readyz(request)
    body = json.loads(answer.content)
    assert (answer.status_code, body["status"]) == (200, "degraded")
    assert (body["checks"]["replica_1"], body["checks"]["replica_2"]) == ("ok", "down")
    servers.broken.add("default")
    assert json.loads(health.readyz(request).content)["checks"]["replica_1"] == "unknown"
