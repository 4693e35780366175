"""A kept connection is used without asking the server, and replaced when the server closed it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection

from bookbridge.kernel.tests.connections import terminate

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


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
    terminate(first)
    second = request()
    assert second != first
    assert asked
