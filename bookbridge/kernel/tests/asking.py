"""Asking the views of `error_urls` and checking what every problem document has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from bookbridge.kernel.tests.error_urls import waiting

INSIDE = "inside-of-the-program"

Make = Callable[[], BaseException]


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def client() -> Client:
    return Client(raise_request_exception=False)


def get(path: str, make: Make | None = None, **kwargs: Any) -> Any:
    waiting[:] = [make] if make else []
    return client().get(path, **kwargs)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check everything that holds for each problem document; give its body."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:bookbridge:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    assert response["Cache-Control"] in ("private, no-cache", "no-store")
    varies = {part.strip() for part in response["Vary"].split(",")}
    assert {"Authorization", "Accept-Language"} <= varies
    for secret in (INSIDE, "Traceback", ".py", "<", "Error("):
        assert secret not in response.content.decode(), secret
    return body
