"""Several workers at once: each job is done by exactly one of them."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections, transaction

from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.loop import Loop
from bookbridge.kernel.outbox.nudging import nudge
from bookbridge.kernel.outbox.services import enqueue
from bookbridge.kernel.outbox.tests import doing
from bookbridge.kernel.outbox.working import drain, work

PATIENCE = 120


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_a_thousand_jobs_two_workers_do_each_once_and_groups_in_order() -> None:
    with transaction.atomic():
        for number in range(1000):
            group = f"g{number % 50}" if number % 2 else ""
            enqueue("note", {"what": number}, group=group)
    begin, shares = threading.Barrier(2), []

    def worker() -> None:
        begin.wait()
        mine = 0
        # Near the end, what is left may wait for a job that the other worker is at.
        while OutboxJob.objects.waiting().exists():
            mine += drain()
        shares.append(mine)
        connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(doing.done) == Counter(range(1000))
    assert sum(shares) == 1000
    assert all(shares), "both worked"
    for group in range(1, 50, 2):
        mine = [number for number in doing.done if number % 2 and number % 50 == group]
        assert mine == sorted(mine)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_loop_is_woken_by_a_commit_and_stops_cleanly(settings: Any) -> None:
    settings.OUTBOX_POLL_SECONDS = 3600
    looked = threading.Event()

    def turn(loop: Loop) -> float:
        rest = work(loop)
        looked.set()
        return rest

    loop = Loop("test", turn)
    loop.start()
    assert looked.wait(PATIENCE)
    looked.clear()
    doing.put("a")
    assert looked.wait(PATIENCE), "long before it would have looked by itself"
    assert doing.done == ["a"]
    assert loop.stop(PATIENCE)
    looked.clear()
    doing.put("b")
    assert not looked.is_set()
    assert doing.done == ["a"]


def test_a_loop_survives_a_turn_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookbridge.kernel.outbox.loop.PAUSE_AFTER_FAILURE", 0.01)
    turns = threading.Semaphore(0)

    def turn(loop: Loop) -> float:
        turns.release()
        raise ValueError("broken")

    loop = Loop("test", turn)
    loop.start()
    for _ in range(3):
        assert turns.acquire(timeout=PATIENCE)
        nudge()
    assert loop.stop(PATIENCE)
