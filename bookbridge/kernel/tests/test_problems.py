"""What problem documents say, which ways lead to them, and what is logged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import OperationalError
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf
from rest_framework.exceptions import ErrorDetail

from bookbridge.kernel import errors
from bookbridge.kernel.problem_catalogue import title_of
from bookbridge.kernel.tests.asking import client, get, problem

pytestmark = pytest.mark.urls("bookbridge.kernel.tests.error_urls")


def test_a_code_of_an_app_takes_the_title_of_its_status() -> None:
    assert title_of("club_full", 409) == "Conflict"
    assert title_of("what_is_this", 418) == "Invalid request"
    assert title_of("what_is_this", 502) == "Internal error"
    assert title_of("stale", 412) == "Changed meanwhile"


def test_what_helps_the_client_stands_at_the_top_level() -> None:
    until = datetime(2026, 11, 20, 12, tzinfo=UTC)
    body = problem(
        get(
            "/api/v1/raise/",
            lambda: errors.DomainError(
                gettext_lazy("No."),
                "wrong_state",
                allowed=["reading"],
                existing={"id": 3, "url": "/api/v1/books/3/"},
                candidates=[{"id": 4}],
                until=until,
                status=200,
            ),
        ),
        409,
        "wrong_state",
    )

    assert body["allowed"] == ["reading"]
    assert body["existing"] == {"id": 3, "url": "/api/v1/books/3/"}
    assert body["candidates"] == [{"id": 4}]
    assert body["until"] == "2026-11-20T12:00:00Z"
    assert "errors" not in body


def test_the_wait_is_named_in_whole_seconds() -> None:
    assert get("/api/v1/raise/", lambda: drf.Throttled(wait=2.1))["Retry-After"] == "3"
    assert get("/api/v1/raise/", lambda: drf.Throttled(wait=0))["Retry-After"] == "1"
    limited = get("/api/v1/raise/", lambda: errors.TooManyRequests(retry_after=9))
    assert limited["Retry-After"] == "9"
    assert get("/api/v1/raise/", lambda: OperationalError())["Retry-After"] == "5"


def test_a_challenge_goes_with_401() -> None:
    for make in (drf.NotAuthenticated, drf.AuthenticationFailed, errors.Unauthenticated):
        assert get("/api/v1/raise/", make)["WWW-Authenticate"] == "Bearer"


def test_nested_faults_become_json_pointers() -> None:
    faults = {
        "title": [ErrorDetail("Needed.", "required")],
        "authors": {1: {"name": ["Too long."]}, 3: ["No."]},
        "tags": [{}, {"non_field_errors": [ErrorDetail("Bad.", "Not-Good!")]}],
        "a/b~c": ["x"],
        "non_field_errors": ["Whole."],
    }
    body = problem(get("/api/v1/raise/", lambda: drf.ValidationError(faults)), 400, "invalid_input")

    assert [(item["pointer"], item["code"]) for item in body["errors"]] == [
        ("/title", "required"),
        ("/authors/1/name", "invalid"),
        ("/authors/3", "invalid"),
        ("/tags/1", "not_good"),
        ("/a~1b~0c", "invalid"),
        ("", "invalid"),
    ]
    assert body["errors"][0]["detail"] == "Needed."


def test_a_wrong_parameter_is_named_in_place_of_a_pointer() -> None:
    body = problem(
        get(
            "/api/v1/raise/",
            lambda: errors.InvalidInput.parameter("cursor", "invalid_cursor", "Foreign."),
        ),
        400,
        "invalid_cursor",
    )
    assert body["errors"] == [
        {"parameter": "cursor", "code": "invalid_cursor", "detail": "Foreign."}
    ]

    body = problem(get("/api/v1/echo/?colour=red&page_size=a"), 400, "invalid_input")
    assert {(item["parameter"], item["code"]) for item in body["errors"]} == {
        ("page_size", "invalid"),
        ("colour", "unknown_parameter"),
    }


def test_the_number_of_faults_and_their_length_are_bounded() -> None:
    faults = {f"{'x' * 300}{number}": ["No."] for number in range(300)}
    body = problem(get("/api/v1/raise/", lambda: drf.ValidationError(faults)), 400, "invalid_input")

    assert len(body["errors"]) == 100
    assert len(body["errors"][0]["pointer"]) == 200


def test_a_body_is_refused_with_all_its_faults_at_once() -> None:
    body = {"pages": "5", "tags": ["a", 1], "authors": [{"name": "a"}, {"nick": 1}], "x": 1}
    answer = client().put("/api/v1/echo/", body, content_type="application/json")

    faults = problem(answer, 400, "invalid_input")["errors"]
    assert {(fault["pointer"], fault["code"]) for fault in faults} == {
        ("/title", "required"),
        ("/pages", "invalid"),
        ("/tags/1", "invalid"),
        ("/authors/1/name", "required"),
        ("/authors/1/nick", "unknown_field"),
        ("/x", "unknown_field"),
    }
