"""What the settings make of the variables that name databases, replicas and a pooler."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import override_settings

from bookbridge.doctor import replicas as doctor
from bookbridge.settings import databases

PRIMARY = "postgres://app@db.example:5432/books"
COPY = "postgres://app@copy.example:5432/books"
Settings = Callable[..., dict[str, Any]]


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that these variables make."""

    def run(**variables: str) -> dict[str, Any]:
        for name in ("DATABASE_REPLICA_URLS", "DATABASE_POOLER", "DATABASE_DIRECT_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(databases.__file__)

    return run


def test_without_replicas_there_is_one_database_and_no_router(settings_of: Settings) -> None:
    found = settings_of(DATABASE_URL=PRIMARY)
    assert list(found["DATABASES"]) == ["default"]
    assert found["DATABASE_ROUTERS"] == []


def test_replicas_are_read_only_and_not_waited_for(settings_of: Settings) -> None:
    found = settings_of(DATABASE_URL=PRIMARY, DATABASE_REPLICA_URLS=f"{COPY},{COPY}2")
    assert found["DATABASE_REPLICAS"] == ["replica_1", "replica_2"]
    copy = found["DATABASES"]["replica_1"]
    assert copy["HOST"] == "copy.example"
    assert "-c default_transaction_read_only=on" in copy["OPTIONS"]["options"]
    assert "-c statement_timeout=" in copy["OPTIONS"]["options"]
    assert copy["OPTIONS"]["connect_timeout"] < 3
    assert "read_only" not in found["DATABASES"]["default"]["OPTIONS"]["options"]
    assert found["DATABASE_ROUTERS"]


@pytest.mark.parametrize(
    ("primary", "copy"), [("sqlite:///var/x.sqlite3", COPY), (PRIMARY, "sqlite:///var/x.sqlite3")]
)
def test_only_postgresql_has_replicas(settings_of: Settings, primary: str, copy: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        settings_of(DATABASE_URL=primary, DATABASE_REPLICA_URLS=copy)


def test_nothing_is_left_on_a_connection_of_a_pooler(settings_of: Settings) -> None:
    database = settings_of(DATABASE_URL=PRIMARY, DATABASE_POOLER="transaction")["DATABASES"]
    options = database["default"]["OPTIONS"]
    assert "options" not in options
    assert options["prepare_threshold"] is None
    assert database["default"]["DISABLE_SERVER_SIDE_CURSORS"]


def test_commands_go_past_the_pooler(settings_of: Settings) -> None:
    pooled = {"DATABASE_URL": PRIMARY, "DATABASE_POOLER": "transaction", "DATABASE_DIRECT": "1"}
    database = settings_of(**pooled, DATABASE_DIRECT_URL=COPY)["DATABASES"]["default"]
    assert database["HOST"] == "copy.example"
    assert "options" in database["OPTIONS"]
    with pytest.raises(ImproperlyConfigured):
        settings_of(**pooled)


def test_another_kind_of_pooling_is_refused(settings_of: Settings) -> None:
    with pytest.raises(ImproperlyConfigured):
        settings_of(DATABASE_URL=PRIMARY, DATABASE_POOLER="statement")


def said(findings: Iterator[Any]) -> list[tuple[bool, str]]:
    return [(finding.is_problem, finding.text) for finding in findings]


def test_the_doctor_has_nothing_to_say_without_replicas_and_pooler() -> None:
    assert said(doctor.replicas()) == said(doctor.pooler()) == []


@pytest.mark.postgres
@pytest.mark.django_db
@override_settings(DATABASE_REPLICAS=["default"])
def test_the_doctor_finds_a_replica_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.connections["default"], "close", lambda: None)
    with connection.cursor() as cursor:  # servers for tests may not wait for their disks
        cursor.execute("SET LOCAL synchronous_commit = on")
    assert said(doctor.replicas()) == [(True, "default is no replica (any more)")]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    problems = said(doctor.replicas())
    assert "synchronous_commit is off" in problems[0][1]
    monkeypatch.setattr(doctor, "LAG", "SELECT true, 'another', 0")
    assert said(doctor.replicas())[1] == (True, "default is a copy of another server")
    monkeypatch.setattr(
        doctor,
        "LAG",
        "SELECT true, (SELECT system_identifier::text FROM pg_control_system()), 60",
    )
    assert said(doctor.replicas())[1] == (True, "default is 60 seconds behind")
    monkeypatch.setattr(doctor, "LATE_SECONDS", 100)
    assert said(doctor.replicas())[1] == (False, "default follows")


@override_settings(DATABASE_POOLER="transaction")
def test_the_doctor_finds_a_pooler_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    ((is_problem, text),) = said(doctor.pooler())
    assert is_problem
    assert "does not answer" in text


@pytest.mark.postgres
@override_settings(DATABASE_POOLER="transaction")
def test_the_doctor_finds_a_pooler_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    database = connection.settings_dict
    place = f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    who = f"{database['USER']}:{database.get('PASSWORD') or ''}"
    monkeypatch.setenv("DATABASE_URL", f"postgres://{who}@{place}/postgres")
    ((is_problem, text),) = said(doctor.pooler())
    assert is_problem
    assert "statement_timeout" in text


def test_a_replica_that_does_not_answer_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("connection refused")

        def close(self) -> None:
            """There is none."""

    monkeypatch.setattr(doctor, "connections", {"replica_1": Away()})
    finding = doctor._followed("replica_1", "one")
    assert finding.is_problem
    assert "connection refused" in finding.text
