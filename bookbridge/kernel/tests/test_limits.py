"""Limits hold exactly: at once, without Redis, and whatever the clock does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from bookbridge.kernel import counters
from bookbridge.kernel.counters import LocalWindows
from bookbridge.kernel.errors import TooManyRequests
from bookbridge.kernel.limits import (
    Limit,
    SecurityLimit,
    Verdict,
    anonymous_limit,
    rate_headers,
    reader_limit,
    sign_in_limit,
    take,
    take_request,
)
from bookbridge.kernel.tests.parallel import at_once


@pytest.fixture(autouse=True)
def _fresh_windows() -> None:
    counters.local_windows.clear()


@pytest.fixture(params=["process", "redis", "redis down"])
def any_counter(request: pytest.FixtureRequest, use_cache: Callable[[str], None]) -> None:
    """Request limits count here, in Redis, and here again when Redis is down."""
    if request.param == "process":
        request.getfixturevalue("without_cache_server")
    elif request.param == "redis":
        use_cache(request.getfixturevalue("private_redis").url)
    else:
        use_cache(request.getfixturevalue("closed_port"))


def test_the_quota_is_allowed_and_not_once_more(any_counter: None) -> None:
    limit = Limit("reader", 3, 60)
    verdicts = [take(limit, "7") for _ in range(5)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert all(59 <= verdict.reset_seconds <= 60 for verdict in verdicts)
    assert take(limit, "8").allowed
    assert take(Limit("anonymous", 3, 60), "7").allowed


def test_many_threads_get_the_quota_exactly(any_counter: None) -> None:
    limit = Limit("reader", 10, 60)
    verdicts = at_once(40, lambda: take(limit, "7"))
    assert len(verdicts) == 40
    assert sum(verdict.allowed for verdict in verdicts) == 10


def test_a_window_of_this_process_ends() -> None:
    windows = LocalWindows()
    assert windows.count("a", 0).n == 1
    assert windows.count("a", 0).n == 1
    assert windows.count("a", 60).n == 1
    assert windows.count("a", 60).n == 2


def test_the_table_of_this_process_is_bounded_and_forgets_the_oldest() -> None:
    windows = LocalWindows(size=100)
    for number in range(1_000):
        windows.count(f"key {number}", 60)
        windows.count("busy", 60)
    assert len(windows) <= 101
    assert windows.count("busy", 60).n == 1_001


def test_over_windows_make_room_before_any_other() -> None:
    windows = LocalWindows(size=100)
    windows.count("kept", 60)
    for number in range(1_000):
        windows.count(f"over {number}", 0)
    assert windows.count("kept", 60).n == 2


def test_limits_come_from_the_settings(settings: Settings) -> None:
    settings.RATE_LIMIT_ANONYMOUS, settings.RATE_LIMIT_READER = 300, 1200
    settings.RATE_LIMIT_FACTOR = 0.5
    settings.SIGN_IN_FAILURES, settings.SIGN_IN_WINDOW_SECONDS = 7, 90
    assert anonymous_limit() == Limit("anonymous", 150, 60)
    assert reader_limit() == Limit("reader", 600, 60)
    assert sign_in_limit() == SecurityLimit("sign-in", 7, 90)


def test_a_request_counts_for_its_reader_or_its_address(
    settings: Settings, without_cache_server: None
) -> None:
    settings.RATE_LIMIT_ANONYMOUS, settings.RATE_LIMIT_READER = 1, 2
    settings.RATE_LIMIT_FACTOR = 1
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    reader = type("Reader", (), {"pk": 5})()
    assert take_request(request, None).remaining == 0
    with pytest.raises(TooManyRequests) as caught:
        take_request(request, None)
    assert caught.value.headers["RateLimit"].startswith('"anonymous";r=0;t=')
    assert caught.value.headers["Retry-After"] == str(caught.value.retry_after)
    assert take_request(request, reader).remaining == 1
    assert take_request(RequestFactory().get("/", REMOTE_ADDR="192.0.2.2"), None).allowed


def test_headers_are_structured_fields() -> None:
    limit = Limit("reader", 1200, 60)
    assert rate_headers(Verdict(True, limit, 1199, 59)) == {
        "RateLimit-Policy": '"reader";q=1200;w=60',
        "RateLimit": '"reader";r=1199;t=59',
    }
    refused = rate_headers(Verdict(False, limit, 0, 7), "mine")
    assert refused == {
        "RateLimit-Policy": '"mine";q=1200;w=60',
        "RateLimit": '"mine";r=0;t=7',
        "Retry-After": "7",
    }
