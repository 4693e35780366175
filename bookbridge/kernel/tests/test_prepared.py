"""Statements that the server has prepared: which, for how long, and that they answer the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started
from django.db import DataError, NotSupportedError, connection, transaction
from django.db.backends.postgresql.psycopg_any import register_tzloader
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from bookbridge.kernel.compiled import Cut, Question
from bookbridge.kernel.tests.connections import elsewhere, terminate

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def accounts_of(*, name: Any) -> Any:
    """Somebody by name."""
    return get_user_model().objects.filter(username=name)


def rows_of(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """The rows of a prepared statement."""
    rows: list[tuple[Any, ...]] = connection.prepared_answer(sql, values)[0]
    return rows


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


def accounts_with_key(*, key: Any) -> Any:
    """Somebody by key; there are none but made ones."""
    return get_user_model().objects.filter(pk=key)


@pytest.mark.usefixtures("prepares")
def test_keys_of_every_size_share_one_prepared_statement() -> None:
    for key in (1, 40_000, 3_000_000_000, 5 * 10**18):
        get_user_model().objects.create(pk=key, username=f"reader-{key}")
    for key in (1, 40_000, 3_000_000_000, 5 * 10**18) * 3:
        assert Question(accounts_with_key, key=key).first().pk == key
    assert len(prepared()) == 1


@pytest.mark.usefixtures("prepares")
def test_a_list_along_an_index_is_prepared_whatever_its_limit() -> None:
    for number in range(30):
        get_user_model().objects.create(username=f"reader-{number:02}")
    question = Question.by_index(accounts_of_all)
    for _attempt in range(4):
        rows = question.rows(Cut(("username",), ("username",), stop=3))
        assert [row["username"] for row in rows] == ["reader-00", "reader-01", "reader-02"]
        after = question.rows(Cut(("username",), ("username",), 1, stop=2), ("reader-02",))
        assert [row["username"] for row in after] == ["reader-03", "reader-04"]
        part = question.rows(Cut(("username",), ("username",), start=5, stop=6))
        assert [row["username"] for row in part] == ["reader-05"]
    limits = sorted(statement.rpartition("LIMIT ")[2] for statement in prepared())
    assert limits == ["$1", "$3", "1 OFFSET 5"]


def accounts_of_all() -> Any:
    """Everybody."""
    return get_user_model().objects.all()


@pytest.mark.usefixtures("prepares")
def test_what_is_prepared_is_planned_once() -> None:
    for name in ("ana", "rui") * 6:
        assert Question(accounts_of, name=name).first() is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements")
        ((generic, custom),) = cursor.fetchall()
    assert generic >= 10
    assert custom == 0


@pytest.mark.usefixtures("prepares")
def test_moments_are_those_that_django_gives() -> None:
    for moment in ("2026-03-01 12:00:00.000001+00", "1999-12-31 23:59:59+00", None):
        sql = "SELECT %s::timestamptz"
        with connection.cursor() as cursor:
            register_tzloader(UTC, cursor.cursor)
            cursor.execute(sql, [moment])
            ordinary = cursor.fetchall()
        with connection.cursor() as cursor:
            cursor.execute(sql, [moment])
            assert repr(cursor.fetchall()) == repr(ordinary)
        for _attempt in range(3):
            found = rows_of(sql, [moment])
            assert found == ordinary
            assert repr(found) == repr(ordinary)


@pytest.mark.usefixtures("prepares")
def test_errors_are_those_of_django_and_spoil_the_transaction() -> None:
    sql = "SELECT 1 / %s::int"
    for _attempt in range(3):
        assert rows_of(sql, [1]) == [(1,)]
        with pytest.raises(DataError):
            rows_of(sql, [0])
    with transaction.atomic():
        with pytest.raises(DataError), transaction.atomic():
            rows_of(sql, [0])
        assert rows_of(sql, [1]) == [(1,)]
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            rows_of(sql, [1])


@pytest.mark.usefixtures("prepares")
def test_who_looks_at_statements_sees_those_that_are_prepared() -> None:
    get_user_model().objects.create(username="ana")
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    for _attempt in range(3):
        assert Question(accounts_of, name="ana").first()
    with CaptureQueriesContext(connection) as captured, connection.execute_wrapper(wrapper):
        assert Question(accounts_of, name="ana").first()
    assert len(captured) == len(seen) == 1


@pytest.mark.usefixtures("prepares")
def test_statements_are_kept_for_their_connection_alone(monkeypatch: Any) -> None:
    monkeypatch.setattr("bookbridge.kernel.postgresql.base.STATEMENTS_KEPT", 2)
    for number in (1, 2, 3, 1, 2, 3):
        assert rows_of(f"SELECT {number}, %s::int", [7]) == [(number, 7)]
        assert len(connection._statements) <= 2
    connection.close()
    assert rows_of("SELECT 3, %s::int", [8]) == [(3, 8)]
    assert len(connection._statements) == 1


@pytest.mark.usefixtures("prepares")
def test_what_is_prepared_outlives_a_transaction_that_is_undone() -> None:
    sql = "SELECT %s::int"
    for _attempt in range(4):
        rows_of(sql, [1])
    kept = prepared()
    for first in (sql, "SELECT 2 WHERE %s::int = 2"):
        for _attempt in range(4):
            with transaction.atomic():
                rows_of(first, [2])
                assert rows_of(sql, [3]) == [(3,)]
                transaction.set_rollback(True)
    assert set(kept) < set(prepared())
    assert rows_of(sql, [4]) == [(4,)]


def test_what_somebody_deallocates_is_prepared_again(prepares: None) -> None:
    sql = "SELECT %s::int"
    for _attempt in range(4):
        rows_of(sql, [1])
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert rows_of(sql, [2]) == [(2,)]


@pytest.fixture
def changing(prepares: None) -> Iterator[str]:
    """A statement that was prepared, of a table whose column will have another type."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE changing AS SELECT 1 AS one")
    sql = "SELECT * FROM changing WHERE one >= %s"
    for _attempt in range(4):
        assert rows_of(sql, [0]) == [(1,)]
    assert any("changing" in each for each in prepared())
    yield sql
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE changing")


CHANGE = "ALTER TABLE changing ALTER one TYPE bigint"


def test_a_statement_whose_columns_have_changed_is_prepared_anew(changing: str) -> None:
    elsewhere(CHANGE)
    assert rows_of(changing, [0]) == [(1,)]


def test_in_a_transaction_the_connection_is_given_up_after_it(changing: str) -> None:
    elsewhere(CHANGE)
    with transaction.atomic():
        rows_of("SELECT 1 WHERE %s::int = 0", [0])  # begins it
        with pytest.raises(NotSupportedError):
            rows_of(changing, [0])
        transaction.set_rollback(True)
    request_finished.send(sender=None)
    assert connection.connection is None
    assert rows_of(changing, [0]) == [(1,)]


@pytest.mark.usefixtures("prepares")
def test_what_was_prepared_on_a_lost_connection_is_prepared_again(asked: list[str]) -> None:
    def ask() -> int:
        request_started.send(sender=None, environ={})
        ((pid, _one),) = rows_of("SELECT pg_backend_pid(), %s::int", [1])
        request_finished.send(sender=None)
        return int(pid)

    first = [ask() for _ in range(4)]
    assert len(set(first)) == 1
    terminate(first[0])
    second = [ask() for _ in range(4)]
    assert len(set(second)) == 1
    assert first != second
