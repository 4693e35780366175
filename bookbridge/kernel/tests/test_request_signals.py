"""Around each request is done what has a use, and nothing else."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.dispatch import Signal

from bookbridge.kernel.request_signals import spare


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The receivers are those of the process."""
    before = [(signal, list(signal.receivers)) for signal in (request_started, request_finished)]
    yield
    for signal, receivers in before:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


def receivers(signal: Signal) -> set[Any]:
    """Who is told."""
    told = [receiver for _key, receiver, *_rest in signal.receivers]
    return {each() if isinstance(each, weakref.ref) else each for each in told}


def with_all() -> None:
    """As Django has it."""
    request_started.connect(close_old_connections)
    request_started.connect(reset_queries)
    request_finished.connect(close_old_connections)
    request_finished.connect(close_caches)
    request_finished.connect(reset_urlconf)


def test_connections_are_looked_after_once(settings: Any) -> None:
    settings.DEBUG = False
    with_all()
    spare()
    assert not receivers(request_started) & {close_old_connections, reset_queries}
    assert receivers(request_finished) >= {close_old_connections}
    assert not receivers(request_finished) & {close_caches, reset_urlconf}


def test_in_debug_queries_that_were_noted_are_forgotten(settings: Any) -> None:
    settings.DEBUG = True
    with_all()
    spare()
    assert reset_queries in receivers(request_started)
