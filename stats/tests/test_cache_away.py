"""Statistics while the cache server is closed, frozen or full."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache as default_cache

from bookbridge.kernel import cache as kernel_cache
from stats import caching, counters
from stats.tests.figures import ANA, RUI, Figure, at_once

pytestmark = pytest.mark.usefixtures("patient_circuit")


@pytest.fixture(params=["closed port", "frozen server"])
def no_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cache server does not listen, or accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if request.param == "closed port":
            server.close()
        address = f"redis://127.0.0.1:{port}/0"
        away = kernel_cache.ResilientRedisCache(address, {})
        monkeypatch.setattr(caching, "cache", away)
        monkeypatch.setattr(counters, "cache", away)
        yield
        away.close()


@pytest.mark.usefixtures("no_cache")
def test_without_the_cache_server_the_numbers_are_right_and_come_soon() -> None:
    figure = Figure()
    figure.read()
    started = time.monotonic()
    for expected in range(1, 20):
        figure.write(ANA)
        assert figure.read() == expected
        assert figure.read(ANA) == expected
    # A server that never answers, asked each time, would take 17 seconds.
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("no_cache")
def test_without_the_cache_server_those_who_come_together_share_a_computation() -> None:
    figure = Figure(0.3)
    figure.read()
    figure.computed = 0
    assert at_once(50, figure.read) == [0] * 50
    assert figure.computed == 1


@pytest.mark.usefixtures("no_cache")
@pytest.mark.parametrize("kind", ["review", "visibility"])
def test_without_the_cache_server_nobody_joins_what_began_before_their_write(kind: str) -> None:
    figure = Figure(0.3)
    figure.read()
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(figure.read)
        time.sleep(0.1)
        figure.write(ANA, kind=kind)
        assert figure.read(ANA) == 1
        assert early.result() == 0


def test_a_cache_server_that_cannot_write_gives_nothing_outdated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figure = Figure()
    figure.read()
    refuse = lambda *args, **kwargs: None  # noqa: E731  (as it does when its memory is full)
    for name in ("incr", "add", "set", "script"):
        kind = type(default_cache._connections["default"])
        monkeypatch.setattr(kind, name, refuse, raising=name != "script")
    figure.write(ANA)
    assert figure.read(ANA) == 1
    assert figure.read() == 1
    figure.write(ANA, kind="visibility")
    assert figure.read(RUI) == 2


def test_the_marks_in_the_process_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MARKS_IN_PROCESS", 2)
    kept = counters.Counters()
    before = kept.now(ANA)
    for reader_id in (1, 2, 3):
        kept.count_write(reader_id)
    assert not kept.now(ANA).allows(before)
    assert kept.now(3).mark == 3
