"""Problems around the views: methods, media types, unknown paths, pages of Django, logs."""

from __future__ import annotations

import json
import logging
from typing import Any

import psycopg
import pytest
from django.core import exceptions as core
from django.db import IntegrityError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf

from bookbridge.kernel import errors
from bookbridge.kernel.problems import (
    ProblemMiddleware,
    handler400,
    handler403,
    handler404,
    handler500,
    problem_response,
)
from bookbridge.kernel.tests.asking import INSIDE, caused, client, get, problem

pytestmark = pytest.mark.urls("bookbridge.kernel.tests.error_urls")


def test_405_tells_the_methods_that_are_possible() -> None:
    response = client().delete("/api/v1/raise/")

    problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]
    assert "DELETE" not in response["Allow"]

    response = client().get("/only-post/")
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST"


def test_an_accept_header_that_cannot_be_served_is_406() -> None:
    problem(get("/api/v1/echo/", headers={"Accept": "text/html"}), 406, "not_acceptable")


def test_another_media_type_than_json_is_415_and_is_not_repeated() -> None:
    response = client().post("/api/v1/echo/", b"<x/>", content_type="text/x-Error(")

    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/", "/nothing/", "/.well-known/x", "/api/", "/api/v1/nothing/"])
def test_an_unknown_path_is_a_problem(path: str) -> None:
    body = problem(get(path), 404, "not_found")

    assert "did_you_mean" not in body


def test_a_path_without_its_slash_is_told_the_right_one() -> None:
    for method in ("get", "post", "delete"):
        response = getattr(client(), method)("/api/v1/echo")
        body = problem(response, 404, "not_found")
        assert body["did_you_mean"] == "/api/v1/echo/"
        assert "/api/v1/echo/" in body["detail"]
    assert "did_you_mean" not in problem(get("/api/v1/nothing"), 404, "not_found")
    assert "did_you_mean" not in problem(get("/plain"), 404, "not_found")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "not_authenticated"),
        (403, "permission_denied"),
        (404, "not_found"),
        (418, "bad_request"),
        (500, "internal_error"),
        (502, "internal_error"),
        (503, "unavailable"),
    ],
)
def test_an_error_page_in_html_becomes_a_problem_and_keeps_its_headers(
    status: int, code: str
) -> None:
    response = get(f"/page/{status}/")

    problem(response, status, code)
    assert response["Retry-After"] == "7"


def test_what_django_refuses_before_a_view_is_a_problem() -> None:
    problem(get("/api/v1/echo/", headers={"Host": "evil.test"}), 400, "unknown_host")


def test_too_many_parameters_are_a_problem(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    many = "&".join(f"a{number}=1" for number in range(9))

    problem(get(f"/api/v1/fields/?{many}"), 400, "too_many_parameters")
    problem(get(f"/api/v1/echo/?{many}"), 400, "too_many_parameters")


def test_debug_mode_answers_the_same_below_the_api(settings: Any) -> None:
    settings.DEBUG = True

    problem(get("/api/v1/nothing/"), 404, "not_found")
    problem(get("/plain/", lambda: KeyError(INSIDE)), 500, "internal_error")
    problem(get("/api/v1/raise/", lambda: KeyError(INSIDE)), 500, "internal_error")
    assert problem(get("/api/v1/echo"), 404, "not_found")["did_you_mean"] == "/api/v1/echo/"


def test_the_admin_keeps_its_own_pages(settings: Any) -> None:
    settings.DEBUG = False
    for make, status in ((Http404, 404), (core.PermissionDenied, 403), (KeyError, 500)):
        response = get("/admin/plain/", make)
        assert response.status_code == status
        assert response["Content-Type"].startswith("text/html")
    response = get("/admin/plain/", core.BadRequest)
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")


def test_the_handlers_work_without_an_exception(rf: Any) -> None:
    for handler, status in ((handler400, 400), (handler403, 403), (handler404, 404)):
        assert handler(rf.get("/x/")).status_code == status


def test_what_a_middleware_raises_is_a_problem_and_the_admin_s_goes_on(rf: Any) -> None:
    def broken(request: Any) -> Any:
        raise KeyError(INSIDE)

    middleware = ProblemMiddleware(broken)

    assert middleware(rf.get("/api/v1/x/")).status_code == 500
    with pytest.raises(KeyError):
        middleware(rf.get("/admin/"))
    assert handler500(rf.get("/x/")).status_code == 500


def test_answers_to_sign_in_are_stored_nowhere() -> None:
    assert get("/api/v1/auth/raise/", KeyError)["Cache-Control"] == "no-store"
    assert get("/api/v1/raise/", KeyError)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/api/v1/raise/", "/plain/"])
def test_a_fault_of_ours_is_logged_with_its_traceback(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        get(path, lambda: ZeroDivisionError(INSIDE))

    records = [record for record in caplog.records if record.name == "bookbridge.error"]
    assert len(records) == 1
    assert records[0].exc_info
    assert records[0].exc_info[0] is ZeroDivisionError
    assert records[0].fields["route"].endswith(path[1:])
    assert not [record for record in caplog.records if record.name == "django.request"]


def test_what_the_database_says_about_rows_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        cause = psycopg.errors.UniqueViolation("Key (email)=(ana@example.org)")
        get("/api/v1/raise/", lambda: caused(IntegrityError("ana@example.org"), cause))

    (record,) = [record for record in caplog.records if record.name == "bookbridge.error"]
    assert record.fields["sqlstate"] == "23505"
    assert "error_urls" in record.fields["trace"]
    assert "ana@example.org" not in str(record.__dict__)


def test_a_database_that_is_away_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        get("/api/v1/raise/", lambda: OperationalError("connection refused"))

    (record,) = [record for record in caplog.records if record.name == "bookbridge.error"]
    assert record.fields["reason"] == "connection refused"
    assert "trace" not in record.fields


def test_what_clients_do_wrong_is_not_logged_as_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        get("/api/v1/raise/", errors.Missing)
        get("/api/v1/nothing/")
        get("/api/v1/raise/", drf.NotAuthenticated)

    assert not [record for record in caplog.records if record.name == "bookbridge.error"]


def test_the_language_of_the_client_is_spoken() -> None:
    response = client().put(
        "/api/v1/echo/",
        {"title": 1},
        content_type="application/json",
        headers={"Accept-Language": "pt-BR"},
    )

    faults = problem(response, 400, "invalid_input")["errors"]
    assert faults[0]["detail"] != "Not a valid string."


def test_a_problem_can_be_made_without_a_request() -> None:
    response = problem_response(None, 409, "odd", "Odd.", headers={"X-Odd": "1"})

    assert json.loads(response.content)["request_id"] == ""
    assert response["X-Odd"] == "1"
