"""A client for the routes of accounts, as a visitor or as a reader."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.services import open_session
from accounts.tokens import access_token_for, issue_pair

Pair = dict[str, Any]


@pytest.fixture
def visitor() -> APIClient:
    """Somebody without account."""
    return APIClient()


@pytest.fixture
def as_reader() -> Callable[..., APIClient]:
    """`as_reader(reader)`: a client that is signed in."""

    def sign_in(reader: User, session: Session | None = None) -> APIClient:
        client = APIClient()
        session = session or open_session(reader=reader)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token_for(reader, session)}")
        return client

    return sign_in


@pytest.fixture
def pair_of() -> Callable[[User], Pair]:
    """`pair_of(reader)`: both tokens of a new session."""
    return lambda reader: issue_pair(reader, open_session(reader=reader))


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No connection to anywhere, but for the cache server."""
    tried: list[Any] = []
    connect = socket.socket.connect
    cache = urlsplit(settings.REDIS_URL)

    def refuse(self: socket.socket, address: Any) -> None:
        if settings.REDIS_URL and address[:2] == (cache.hostname, cache.port or 6379):
            connect(self, address)
            return
        tried.append(address)
        raise OSError("no way out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield
    assert tried == []
