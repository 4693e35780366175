"""Each request has an id and one line, and no log holds a secret."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from bookbridge.kernel.redaction import MAX_LENGTH, redact
from bookbridge.kernel.request_log import JSONFormatter, RequestMiddleware, current_request_id
from bookbridge.kernel.tests.conftest import cost_of

pytestmark = [pytest.mark.urls("bookbridge.kernel.tests.plain_urls"), pytest.mark.django_db]

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
SECRET = "kP3xV9qTz1LmN8bR4wYcJ7dHs2FgA0eUoXi5tQvE6aM"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The lines that the program logs, as they leave it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    root, requests = logging.getLogger(), logging.getLogger("bookbridge.request")
    root.addHandler(handler)
    before = requests.level
    requests.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    requests.setLevel(before)
    root.removeHandler(handler)


def client() -> Client:
    return Client(raise_request_exception=False)


def test_a_well_formed_id_is_kept_and_returned() -> None:
    for given in ("abcDEF.123_-", "x" * 128):
        response = client().get("/livez", headers={"X-Request-ID": given})
        assert response["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["short", "x" * 129, "with space 123", "naïve-123456", "a\n" * 9])
def test_any_other_id_is_replaced(given: str) -> None:
    response = client().get("/livez", headers={"X-Request-ID": given})
    assert len(response["X-Request-ID"]) == 32
    assert int(response["X-Request-ID"], 16)


def test_each_answer_has_an_id_of_its_own() -> None:
    ids = {client().get(path)["X-Request-ID"] for path in ("/livez", "/nowhere", "/livez")}
    assert len(ids) == 3
    assert current_request_id() is None


def test_a_request_leaves_one_line_without_its_path(lines: Lines) -> None:
    response = client().post(
        f"/api/v1/secret/{SECRET}/?q={SECRET}",
        {"password": SECRET},
        headers={"User-Agent": SECRET, "Authorization": f"Bearer {SECRET}"},
    )
    [line] = lines()
    duration, moment = line.pop("duration_ms"), line.pop("time")
    assert line == {
        "level": "info",
        "request_id": response["X-Request-ID"],
        "method": "POST",
        "route": "/api/v1/secret/<str:token>/",
        "status": 200,
        "reader_id": 42,
    }
    assert 0 < duration < 5_000
    assert moment.endswith("Z")
    assert datetime.fromisoformat(moment).utcoffset() is not None


def test_an_unknown_path_is_not_named(lines: Lines) -> None:
    client().get(f"/api/v1/nothing/{SECRET}")
    [line] = lines()
    assert (line["route"], line["status"], line["reader_id"]) == ("unmatched", 404, None)
    assert SECRET not in json.dumps(line)


def test_an_invented_method_is_not_repeated(lines: Lines) -> None:
    client().generic("SECRETMETHOD", "/livez")
    assert lines()[-1]["method"] == "other"


def test_a_crash_is_logged_without_secrets_and_with_the_id(lines: Lines) -> None:
    response = client().get(f"/api/v1/crash/{SECRET}/")
    assert response.status_code == 500
    text = json.dumps(lines())
    for secret in ("hunter2", "ana@example.org", "abc.def", SECRET):
        assert secret not in text
    assert "RuntimeError" in text
    assert {line["request_id"] for line in lines()} == {response["X-Request-ID"]}
    assert lines()[-1]["level"] == "error"


def test_what_escapes_all_other_layers_still_gets_a_problem(lines: Lines) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise MemoryError

    response = RequestMiddleware(fail)(RequestFactory().get(f"/x/{SECRET}"))
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)  # type: ignore[attr-defined]
    assert problem["code"] == "internal_error"
    assert problem["request_id"] == response["X-Request-ID"]
    assert "MemoryError" in json.dumps(lines())
    assert SECRET not in json.dumps(lines())


def formatted(message: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    record = logging.getLogger("test").makeRecord(
        "test", logging.WARNING, "", 0, message, args, kwargs.pop("exc_info", None), **kwargs
    )
    return json.loads(JSONFormatter().format(record))


def test_an_exception_is_one_string_without_variables() -> None:
    def fail(password: str) -> None:
        raise ValueError("reason")

    try:
        fail(SECRET)
    except ValueError:
        line = formatted("It failed\nreally", exc_info=sys.exc_info())
    assert line["message"] == "It failed\nreally"
    assert "ValueError: reason" in line["exception"]
    assert "Traceback" in line["exception"]
    assert SECRET not in json.dumps(line)


def test_what_callers_add_is_shown_and_made_safe() -> None:
    line = formatted("m", extra={"code": "c", "n": 3, "mail": "a@b.org", "thing": object()})
    assert (line["code"], line["n"], line["mail"]) == ("c", 3, "[removed]")
    assert "thing" not in line


def test_lines_of_django_name_the_route_instead_of_the_path() -> None:
    request = RequestFactory().get("/calendar/short.ics?x=1")
    line = formatted("Not Found: %s", "/calendar/short.ics", extra={"request": request})
    assert line["message"] == "Not Found: unmatched"


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        f"Bearer {JWT}",
        "Authorization: Bearer opaque-1",
        "ana.maria+x@mail.example.org",
        "password=hunter2",
        "{'password': 'hun ter2'}",
        '"new_password": "hunter2"',
        "api_key => abc",
        "Set-Cookie: sessionid=abc",
        SECRET,
        "/api/v1/invitations/" + SECRET + "/",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "postgres://app:hunter2@db/x",
        "duplicate key\nDETAIL:  Key (name)=(hunter2) already exists.",
        "Failing row contains (1, hunter2, null).",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    redacted = redact(f"before {secret}")
    assert redacted.startswith("before ")
    assert "[removed]" in redacted
    for part in ("hunter2", "ter2", "opaque-1", "example.org", SECRET, "c2lnbmF0dXJl", "abc"):
        assert part not in redacted


def test_what_is_no_secret_stays() -> None:
    text = (
        'File "/srv/app/lib/python3.11/site-packages/django/core/handlers/base.py", line 197\n'
        'duplicate key value violates unique constraint "reviews_review_one_per_reader_and_book"\n'
        "get_child_with_renamed_prefix_and_more(self)"
    )
    assert redact(text) == text


@pytest.mark.parametrize("pattern", ["a@", "a.", "password=", "eyJ", "-", "aA1", "a@b.", "x://"])
def test_redaction_of_hostile_text_is_quick(pattern: str) -> None:
    assert cost_of(lambda: redact(pattern * 500_000)) < 4
    assert len(redact(pattern * 500_000)) < 8 * MAX_LENGTH
