"""What a real database raises becomes the right problem, and the next request goes well."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bookbridge.kernel.tests.error_urls import waiting

pytestmark = pytest.mark.urls("bookbridge.kernel.tests.error_urls")


def answer(*statements: str) -> Any:
    """The answer of a view that runs `statements` on the connection of its thread."""

    def run() -> BaseException:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        return AssertionError("nothing was raised")

    waiting[:] = [run]
    return Client(raise_request_exception=False).get("/api/v1/raise/")


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.django_db
def test_a_fault_in_a_statement_is_ours() -> None:
    assert code(answer("SELECT nothing FROM nowhere")) == (500, "internal_error")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statements",
    [
        ("SET statement_timeout = 20", "SELECT pg_sleep(5)"),
        ("SELECT pg_terminate_backend(pg_backend_pid())",),
        ("SET default_transaction_read_only = on", "CREATE TABLE a_table (id int)"),
    ],
)
def test_a_database_in_trouble_is_503_and_the_next_request_connects_anew(
    statements: tuple[str, ...],
) -> None:
    response = answer(*statements)

    assert code(response) == (503, "database_unavailable")
    assert response["Retry-After"] == "5"
    assert connection.connection is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement", ["SELECT 'a'::int", "SELECT 99999999999::int", "SELECT '2026-02-30'::date"]
)
def test_a_value_that_the_database_cannot_take_is_400(statement: str) -> None:
    assert code(answer(statement)) == (400, "invalid")
