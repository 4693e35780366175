"""Samples by layer, and requests as a server would hand them over."""

from __future__ import annotations

import json
import time
from types import FrameType, SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import profiling
from benchmarks.services import Unable
from benchmarks.wrk import Request


def frames(*paths: str) -> FrameType:
    """A stack of code in these files, the innermost first."""
    found: Any = None
    for path in reversed(paths):
        found = SimpleNamespace(f_code=SimpleNamespace(co_filename=path), f_back=found)
    return cast(FrameType, found)


@pytest.mark.parametrize(
    ("paths", "layer"),
    [
        (["/lib/psycopg/cursor.py", "/app/accounts/sessions.py"], "database"),
        (["/lib/python3/uuid.py", "/app/accounts/tokens.py"], "token and session"),
        (["/lib/python3/json/encoder.py", "/lib/python3/logging/__init__.py"], "log line"),
        (["/lib/django/http/response.py", "/app/clubs/views.py"], "framework"),
        (["/app/clubs/membership/shapes.py"], "shapes of the answer"),
        (["/lib/python3/runpy.py"], "other"),
        ([], "other"),
    ],
)
def test_a_moment_belongs_to_the_innermost_layer(paths: list[str], layer: str) -> None:
    assert profiling.layer_of(frames(*paths)) == layer


def test_samples_are_microseconds_of_one_request() -> None:
    def ask(_request: Request) -> str:
        until = time.process_time() + 0.001
        while time.process_time() < until:
            pass
        return "200 OK"

    requests = [Request("GET", "/", ())] * (profiling.WARMING + 50)
    found = profiling.profiled(ask, requests)
    assert 900 < found["total"] < 20_000
    assert sum(found["layers"].values()) == pytest.approx(found["total"], abs=20)


def test_an_answer_that_is_not_good_is_not_measured() -> None:
    requests = [Request("GET", "/", ())] * (profiling.WARMING + 1)
    with pytest.raises(Unable, match="429"):
        profiling.profiled(lambda _request: "429 Too Many Requests", requests)


def test_a_request_becomes_what_a_server_hands_over() -> None:
    headers = (("Content-Type", "application/json"), ("Idempotency-Key", "k"))
    body = json.dumps({"text": "é"})
    found = profiling.environ_of(Request("POST", "/a%20b/?c=d", headers, body))
    assert (found["PATH_INFO"], found["QUERY_STRING"]) == ("/a b/", "c=d")
    assert (found["CONTENT_TYPE"], found["HTTP_IDEMPOTENCY_KEY"]) == ("application/json", "k")
    assert found["wsgi.input"].read(int(found["CONTENT_LENGTH"])) == body.encode()
