"""A kept connection is used without asking the server, and replaced when the server closed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started
from django.db import connection, connections

from bookbridge.kernel.compiled import Cut, Question

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the server was asked for a sign of life, on a connection that was just used."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    calls: list[str] = []
    wrapper = type(connections["default"])
    original = wrapper.is_usable

    def is_usable(self: Any) -> bool:
        calls.append("asked")
        return bool(original(self))

    monkeypatch.setattr(wrapper, "is_usable", is_usable)
    connection.close()
    connection.settings_dict["CONN_HEALTH_CHECKS"] = True
    connection.settings_dict["CONN_MAX_AGE"] = 600
    connection.connect()
    yield calls
    connection.close()


def request() -> int:
    """One statement between the signals of a request; gives the process that answered."""
    request_started.send(sender=None, environ={})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    request_finished.send(sender=None)
    return pid


def test_a_connection_in_use_is_not_asked(asked: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("bookbridge.kernel.postgresql.base.FRESH_SECONDS", 3600.0)
    first = request()
    asked.clear()
    assert [request() for _ in range(5)] == [first] * 5
    assert asked == []


def test_one_that_was_not_used_for_a_while_is_asked(asked: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("bookbridge.kernel.postgresql.base.FRESH_SECONDS", -1.0)
    first = request()
    asked.clear()
    assert request() == first
    assert asked == ["asked"]


def test_one_that_the_server_closed_is_replaced(asked: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("bookbridge.kernel.postgresql.base.FRESH_SECONDS", 3600.0)
    first = request()
    wanted = connection.get_connection_params()
    own = {name: wanted[name] for name in ("dbname", "user", "host", "port") if wanted.get(name)}
    own |= {"password": wanted["password"]} if wanted.get("password") else {}
    with psycopg.connect(**own, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", [first])
    second = request()
    assert second != first
    assert asked


def accounts_of(*, name: Any) -> Any:
    """Somebody by name."""
    return get_user_model().objects.filter(username=name)


def prepared() -> list[str]:
    """The statements that the server keeps for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("threshold", [2, None])
def test_a_look_up_is_prepared_and_a_list_is_not(asked: list[str], threshold: Any) -> None:
    options = connection.settings_dict["OPTIONS"]
    before = options.get("prepare_threshold")
    options["prepare_threshold"] = threshold
    connection.close()
    try:
        for name in ("ana", "100%", "o'neill"):
            get_user_model().objects.create(username=name, display_name=name)
            for _attempt in range(5):
                question = Question(accounts_of, name=name)
                assert question.first().display_name == name
                assert len(question.rows(Cut(("username",), stop=20))) == 1
        kept = prepared()
        assert [("LIMIT 1" in statement) for statement in kept] == [True] * (1 if threshold else 0)
    finally:
        options["prepare_threshold"] = before
        connection.close()
