"""What the tests of all applications share: a client that speaks JSON as one reader."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.services import open_session
from accounts.tokens import access_token_for

BASE = "/api/v1/"


def free_port() -> int:
    """A port to listen at: below those that systems give to outgoing connections.

    One of those could be taken by any client between this answer and the server's start.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def whole(answer: Any) -> HttpResponse:
    """An answer that comes in pieces, read to its end."""
    content = b"".join(answer.streaming_content)  # at its end the test client closes it
    read = HttpResponse(content, status=answer.status_code, headers=dict(answer.items()))
    read.json = lambda: json.loads(content)  # type: ignore[attr-defined]
    return read


class ApiClient:
    """A client of the API, as a visitor or as one reader with an open session.

    Paths that do not start with `/` are below `/api/v1/`. Headers are given by their names:
    `client.patch("clubs/x/", {...}, headers={"If-Match": tag})`.
    """

    def __init__(self, reader: Any = None, **defaults: str) -> None:
        self.reader = reader
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = dict(defaults)
        if reader is not None:
            session = open_session(reader=reader, user_agent="tests", address="127.0.0.1")
            self.session = session
            self.headers["Authorization"] = f"Bearer {access_token_for(reader, session)}"

    def request(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Send one request; `data` is sent as JSON unless it is bytes or None."""
        address = path if path.startswith(("/", "http")) else BASE + path
        body = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data)
        answer: Any = self.client.generic(
            method,
            address,
            body,
            content_type=content_type,
            headers={**self.headers, **(headers or {})},
        )
        return whole(answer) if answer.streaming else answer

    def get(self, path: str, **kwargs: Any) -> Any:
        """GET."""
        return self.request("GET", path, **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        """POST."""
        return self.request("POST", path, data, **kwargs)

    def patch(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        """PATCH."""
        return self.request("PATCH", path, data, **kwargs)

    def put(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        """PUT."""
        return self.request("PUT", path, data, **kwargs)

    def delete(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        """DELETE."""
        return self.request("DELETE", path, data, **kwargs)


@pytest.fixture
def api() -> Callable[..., ApiClient]:
    """`api()` is a visitor, `api(reader)` a reader who is signed in."""
    return ApiClient
