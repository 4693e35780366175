"""Limits on guesses hold exactly: at once, whatever Redis does, and whatever the clock does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from bookbridge.kernel import counters
from bookbridge.kernel.counters import purge_expired
from bookbridge.kernel.limits import SecurityLimit, forget, give_back, reserve
from bookbridge.kernel.models import LimitCounter
from bookbridge.kernel.tests.parallel import at_once

SIGN_IN = SecurityLimit("sign-in", 10, 300)
KEYS = ["account:ana@example.org", "address:192.0.2.1"]


@pytest.fixture(params=["no cache server", "redis", "redis down"])
def any_cache(request: pytest.FixtureRequest, db: None, use_cache: Callable[[str], None]) -> str:
    """Security limits count in the database, with Redis, without and while it is down."""
    if request.param == "no cache server":
        request.getfixturevalue("without_cache_server")
    elif request.param == "redis":
        use_cache(request.getfixturevalue("private_redis").url)
    else:
        use_cache(request.getfixturevalue("closed_port"))
    return request.param


def test_ten_failures_are_the_last(any_cache: str) -> None:
    verdicts = [SIGN_IN.reserve(KEYS) for _ in range(12)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 10 + [False] * 2
    assert verdicts[0].remaining == 9
    assert 299 <= verdicts[-1].reset_seconds <= 300


def test_a_success_gives_its_place_back(any_cache: str) -> None:
    for _ in range(30):
        assert SIGN_IN.reserve(KEYS).allowed
        SIGN_IN.give_back(KEYS)
    assert SIGN_IN.reserve(KEYS).remaining == 9


def test_giving_back_what_was_not_taken_gives_nothing(any_cache: str) -> None:
    SIGN_IN.give_back(KEYS)
    assert SIGN_IN.reserve(KEYS).remaining == 9
    for _ in range(5):
        SIGN_IN.give_back(KEYS)
    verdicts = [SIGN_IN.reserve(KEYS) for _ in range(12)]
    assert sum(verdict.allowed for verdict in verdicts) == 10


def test_a_refused_attempt_takes_no_place(any_cache: str) -> None:
    for _ in range(10):
        SIGN_IN.reserve(["address:192.0.2.1"])
    for account in range(20):
        assert not SIGN_IN.reserve([f"account:{account}", "address:192.0.2.1"]).allowed
        assert not SIGN_IN.reserve(["account:ana", "address:192.0.2.1"]).allowed
    assert SIGN_IN.reserve(["account:ana", "address:192.0.2.9"]).remaining == 9
    SIGN_IN.give_back(["address:192.0.2.1"])
    assert SIGN_IN.reserve(["address:192.0.2.1"]).allowed
    assert not SIGN_IN.reserve(["address:192.0.2.1"]).allowed


def test_a_cache_server_that_goes_away_gives_no_further_attempt(
    db: None, use_cache: Callable[[str], None], private_redis: Any
) -> None:
    use_cache(private_redis.url)
    for _ in range(6):
        assert SIGN_IN.reserve(KEYS).allowed
    private_redis.stop()
    verdicts = [SIGN_IN.reserve(KEYS) for _ in range(6)]
    assert sum(verdict.allowed for verdict in verdicts) == 4


DAY = SecurityLimit("sign-in-day", 12, 86_400)
BOTH = [(SIGN_IN, "account:ana"), (SIGN_IN, "address:192.0.2.1"), (DAY, "account:ana")]


@pytest.mark.django_db
def test_several_limits_are_taken_together_or_not_at_all() -> None:
    for _ in range(10):
        assert reserve(BOTH).allowed
    refused = reserve(BOTH)
    assert (refused.allowed, refused.limit, refused.remaining) == (False, SIGN_IN, 0)
    elsewhere = [(SIGN_IN, "address:192.0.2.2"), (DAY, "account:ana")]
    last = [reserve(elsewhere) for _ in range(3)]
    assert [verdict.allowed for verdict in last] == [True, True, False]
    assert [verdict.limit for verdict in last] == [DAY] * 3
    assert 86_399 <= last[-1].reset_seconds <= 86_400
    give_back([(DAY, "account:ana")])
    assert reserve(elsewhere).allowed


@pytest.mark.django_db
def test_a_place_that_is_refused_late_gives_the_others_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(12):
        DAY.reserve("account:ana")
    # As for somebody who looked just before the last place was taken.
    seen = iter([None])
    look = counters._full_windows
    monkeypatch.setattr(counters, "_full_windows", lambda *args: next(seen, look(*args)))
    assert not reserve(BOTH).allowed
    assert SIGN_IN.reserve(["account:ana"]).remaining == 9


@pytest.mark.django_db
def test_a_window_can_begin_anew() -> None:
    for _ in range(12):
        DAY.reserve("account:ana")
    forget([(DAY, "account:ana")])
    assert DAY.reserve("account:ana").remaining == 11


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_forty_attempts_at_once_reach_the_secret_ten_times() -> None:
    verdicts = at_once(40, lambda: SIGN_IN.reserve(KEYS))
    assert len(verdicts) == 40
    assert sum(verdict.allowed for verdict in verdicts) == 10
    at_once(4, lambda: SIGN_IN.give_back(KEYS))
    verdicts = at_once(20, lambda: SIGN_IN.reserve(KEYS))
    assert sum(verdict.allowed for verdict in verdicts) == 4


@pytest.mark.django_db
def test_a_window_of_the_database_ends(without_cache_server: None) -> None:
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False) as clock:
        for _ in range(11):
            SIGN_IN.reserve(KEYS)
        clock.shift(timedelta(seconds=299))
        refused = SIGN_IN.reserve(KEYS)
        assert (refused.allowed, refused.reset_seconds) == (False, 1)
        clock.shift(timedelta(seconds=1))
        assert SIGN_IN.reserve(KEYS).remaining == 9


@pytest.mark.django_db
def test_a_clock_that_is_put_back_freezes_no_window(without_cache_server: None) -> None:
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False) as clock:
        for _ in range(11):
            SIGN_IN.reserve(KEYS)
        clock.shift(timedelta(seconds=-30))
        refused = SIGN_IN.reserve(KEYS)
        assert (refused.allowed, refused.reset_seconds) == (False, 300)
        clock.shift(timedelta(hours=-1))
        assert SIGN_IN.reserve(KEYS).allowed


@pytest.mark.django_db
def test_counters_hold_no_address_of_anybody(without_cache_server: None) -> None:
    SIGN_IN.reserve(KEYS)
    keys = list(LimitCounter.objects.values_list("key", flat=True))
    assert len(keys) == 2
    assert all(len(key) == 64 and int(key, 16) for key in keys)


@pytest.mark.django_db(transaction=True)
def test_a_place_is_never_taken_inside_a_transaction(without_cache_server: None) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        SIGN_IN.reserve(KEYS)


@pytest.mark.django_db
def test_counters_of_the_past_are_purged(
    without_cache_server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = timezone.now() - timedelta(hours=1)
    for number in range(3):
        LimitCounter.objects.create(key=str(number), n=1, expires_at=past)
    assert purge_expired(at_most=1) == 1
    monkeypatch.setattr("bookbridge.kernel.limits.PURGE_CHANCE", 1)
    SIGN_IN.reserve("one key alone")
    assert LimitCounter.objects.count() == 1
