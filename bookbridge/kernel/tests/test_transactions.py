"""Transactions that are tried again, and races that become an error of the domain."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from bookbridge.kernel.announcements import announce, changed
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import IdempotencyKey, LimitCounter
from bookbridge.kernel.transactions import refuse_duplicate, transactional


def counter(key: str) -> LimitCounter:
    return LimitCounter.objects.create(key=key, n=1, expires_at=timezone.now())


def kept(reader: Any, **changes: Any) -> IdempotencyKey:
    values = {"path": "p", "key": "k", "fingerprint": "f", "status": 200} | changes
    return IdempotencyKey.objects.create(user=reader, created_at=timezone.now(), **values)


def failing(cause: Exception) -> OperationalError:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.django_db(transaction=True)
def test_an_error_takes_everything_back() -> None:
    @transactional
    def act() -> None:
        counter("one")
        raise DomainError("no", "no")

    with pytest.raises(DomainError):
        act()
    assert not LimitCounter.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "cause", [psycopg.errors.SerializationFailure(), psycopg.errors.DeadlockDetected()]
)
def test_the_victim_of_a_deadlock_is_tried_three_times(cause: Exception) -> None:
    tries = []

    @transactional
    def act(successful_try: int) -> str:
        tries.append(1)
        counter("one")
        if len(tries) < successful_try:
            raise failing(cause)
        return "done"

    assert act(3) == "done"
    assert LimitCounter.objects.count() == 1
    tries.clear()
    LimitCounter.objects.all().delete()
    with pytest.raises(OperationalError):
        act(9)
    assert len(tries) == 3
    assert not LimitCounter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_only_the_outermost_call_tries_again() -> None:
    inner_tries, outer_tries = [], []

    @transactional
    def inner() -> None:
        inner_tries.append(1)
        raise failing(psycopg.errors.DeadlockDetected())

    @transactional
    def outer() -> None:
        outer_tries.append(1)
        inner()

    with pytest.raises(OperationalError):
        outer()
    assert (len(outer_tries), len(inner_tries)) == (3, 3)


@pytest.mark.django_db(transaction=True)
def test_a_locked_sqlite_file_is_not_waited_for_twice() -> None:
    tries = []

    @transactional
    def act() -> None:
        tries.append(1)
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        act()
    assert len(tries) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_transactions_that_wait_for_each_other_both_succeed() -> None:
    counter("one")
    counter("two")
    both_hold_one = threading.Barrier(2, timeout=10)
    results: list[str] = []

    def worker(first: str, second: str) -> None:
        met = []

        @transactional
        def act() -> str:
            LimitCounter.objects.select_for_update().get(key=first)
            if not met:
                met.append(1)
                both_hold_one.wait()
            LimitCounter.objects.select_for_update().get(key=second)
            return "done"

        try:
            results.append(act())
        finally:
            connection.close()

    threads = [
        threading.Thread(target=worker, args=names) for names in (("one", "two"), ("two", "one"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["done", "done"]


def test_a_duplicate_becomes_the_error_and_the_transaction_stays_usable(reader: Any) -> None:
    kept(reader)
    named = refuse_duplicate(DomainError("twice", "twice"), "idempotency_key_once_per_path")
    with pytest.raises(DomainError) as caught, named:
        kept(reader)
    assert caught.value.code == "twice"
    assert caught.value.__suppress_context__
    assert IdempotencyKey.objects.count() == 1


def test_the_error_may_be_made_after_looking_for_what_is_in_the_way(reader: Any) -> None:
    first = kept(reader)

    def existing() -> DomainError:
        row = IdempotencyKey.objects.get(user=reader)
        return DomainError("twice", "twice", existing={"id": row.pk})

    with pytest.raises(DomainError) as caught, refuse_duplicate(existing):
        kept(reader)
    assert caught.value.extra == {"existing": {"id": first.pk}}


def test_another_unique_constraint_than_the_named_passes(reader: Any) -> None:
    kept(reader)
    another = refuse_duplicate(DomainError("twice", "twice"), "another_constraint")
    with pytest.raises(IntegrityError), another:
        kept(reader)


def test_primary_keys_are_named_as_postgresql_names_them(db: None) -> None:
    counter("one")
    named = refuse_duplicate(DomainError("twice", "twice"), "kernel_limitcounter_pkey")
    with pytest.raises(DomainError), named:
        counter("one")


def test_a_broken_rule_of_another_kind_passes(reader: Any) -> None:
    with pytest.raises(IntegrityError), refuse_duplicate(DomainError("twice", "twice")):
        kept(reader, fingerprint=None)


def test_what_broke_no_rule_is_left_alone(reader: Any) -> None:
    with refuse_duplicate(DomainError("twice", "twice")):
        kept(reader)
    assert IdempotencyKey.objects.count() == 1


@pytest.fixture
def heard() -> Any:
    events: list[dict[str, Any]] = []

    def listen(sender: Any, signal: Any, **event: Any) -> None:
        events.append(event)

    changed.connect(listen)
    yield events
    changed.disconnect(listen)


@pytest.mark.django_db(transaction=True)
def test_an_announcement_waits_for_the_commit(heard: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        announce("review_published", by_id=1, book_id=2)
        assert heard == []
    assert heard == [{"kind": "review_published", "by_id": 1, "book_id": 2}]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_announced_that_did_not_happen(heard: list[dict[str, Any]]) -> None:
    def act() -> None:
        with transaction.atomic():
            announce("review_published", by_id=1, book_id=2)
            raise DomainError("no", "no")

    with pytest.raises(DomainError):
        act()
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_harms_nobody(
    heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**event: Any) -> None:
        raise RuntimeError("a fault of a listener")

    changed.connect(fail)
    try:
        with caplog.at_level(logging.ERROR), transaction.atomic():
            announce("review_published", by_id=None)
    finally:
        changed.disconnect(fail)
    assert len(heard) == 1
    assert "RuntimeError" in caplog.text


def test_services_keep_their_names_and_results(db: None) -> None:
    @transactional
    def service(*, by: int) -> int:
        """Doc."""
        return by

    wrapped: Callable[..., int] = service
    assert wrapped(by=3) == 3
    assert (service.__name__, service.__doc__) == ("service", "Doc.")
