"""What supervisors and load balancers are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from bookbridge.kernel import health

pytestmark = pytest.mark.urls("bookbridge.kernel.tests.plain_urls")


@pytest.fixture(autouse=True)
def _forgotten_migrations() -> Iterator[None]:
    health._migrated.clear()
    yield
    health._migrated.clear()


def answer(path: str = "/readyz") -> tuple[int, dict[str, Any]]:
    response = Client(raise_request_exception=False).get(path)
    return response.status_code, response.json()


def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    raise OperationalError("the server is away")


def test_livez_touches_nothing() -> None:
    # Without the mark for a database, any query would fail this test.
    response = Client().get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["Cache-Control"] == "no-store"


def test_readyz_names_each_check(db: None, without_cache_server: None) -> None:
    checks = {"database": "ok", "migrations": "ok", "cache": "ok", "outbox": "ok"}
    assert answer() == (200, {"status": "ok", "checks": checks})


def test_a_live_redis_is_fine(
    db: None, private_redis: Any, use_cache: Callable[[str], None]
) -> None:
    use_cache(private_redis.url)
    assert answer()[1]["status"] == "ok"


@pytest.mark.parametrize("server", ["closed_port", "silent_server"])
def test_without_redis_it_is_degraded_and_serves(
    db: None, server: str, request: pytest.FixtureRequest, use_cache: Callable[[str], None]
) -> None:
    use_cache(request.getfixturevalue(server))
    status, body = answer()
    assert (status, body["status"], body["checks"]["cache"]) == (200, "degraded", "down")


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_cannot_serve() -> None:
    with connection.execute_wrapper(refuse):
        response = Client().get("/readyz")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["code"] == "unavailable"
    assert body["checks"] == {
        "database": "down",
        "migrations": "unknown",
        "cache": "ok",
        "outbox": "unknown",
    }
    assert answer()[0] == 200, "it is back when the database is"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_connections_is_down() -> None:
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    try:
        status, body = answer()
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port
    assert (status, body["checks"]["database"]) == (503, "down")
    assert answer()[0] == 200


def test_missing_migrations_are_a_reason_not_to_serve(db: None) -> None:
    last = max(
        name for app, name in MigrationRecorder(connection).applied_migrations() if app == "kernel"
    )
    MigrationRecorder(connection).record_unapplied("kernel", last)
    status, body = answer()
    assert (status, body["checks"]["migrations"]) == (503, "missing")
    MigrationRecorder(connection).record_applied("kernel", last)
    assert answer()[0] == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_only_reading_is_possible(db: None, path: str) -> None:
    client = Client()
    assert client.head(path).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        response = client.generic(method, path)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
        assert response.json()["code"] == "method_not_allowed"
