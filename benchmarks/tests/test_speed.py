"""The speed of the machine, as the cost of an answer tells it."""

from __future__ import annotations

import os

import pytest

from benchmarks import machine
from benchmarks.speed import MOST, Speed


class Clocks:
    """A server that has used `busy` seconds, ourselves `own`, at `now`."""

    now = busy = own = 0.0


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def speed(clocks: Clocks) -> Speed:
    """At full load an answer has cost 2 ms."""
    speed = Speed(lambda: clocks.busy, lambda: clocks.own, lambda: clocks.now)
    speed.full_load_begins()
    clocks.now, clocks.busy = 2.0, 2.0
    speed.full_load_ended(1_000)
    return speed


def test_an_answer_that_costs_more_is_of_a_slower_machine(speed: Speed, clocks: Clocks) -> None:
    assert speed.factor(0) == 1.0
    clocks.now, clocks.busy = 2.6, 2.25
    assert speed.factor(100) == pytest.approx(1.0)  # 2.5 ms with what waking costs
    clocks.now, clocks.busy = 2.9, 2.75
    assert speed.factor(200) == pytest.approx(0.5)
    clocks.now, clocks.busy = 3.0, 9.0
    assert speed.factor(300) == pytest.approx(0.5)  # not looked at before its time
    clocks.now = 3.2
    assert speed.factor(200) == pytest.approx(0.5)  # no answer, nothing to tell from
    clocks.busy = 3.0
    assert speed.factor(300) == pytest.approx(1.0)
    clocks.now = 3.5
    assert speed.factor(400) == MOST


def test_what_waking_costs_is_the_median_of_many(speed: Speed, clocks: Clocks) -> None:
    for each in (0.25, 0.25, 0.5):  # seconds for a hundred answers, just after full load
        clocks.now += 0.6
        clocks.busy += each
        found = speed.factor(100)
        speed.full_load_begins()
        clocks.now += 2
        clocks.busy += 2
        speed.full_load_ended(1_000)
    assert found == pytest.approx(0.5)


def test_the_cost_is_told_beside_our_own(speed: Speed, clocks: Clocks) -> None:
    assert speed.cost() == 0.0
    clocks.now, clocks.busy, clocks.own = 2.6, 2.4, 0.1
    speed.factor(100)
    assert speed.cost() == 4.0
    assert speed.cost() == 0.0


def test_what_threads_have_used_is_added_up() -> None:
    before = machine.running_seconds([os.getpid()])
    sum(range(3_000_000))
    os.sched_yield()
    assert machine.running_seconds([os.getpid()]) > before > 0
    assert machine.running_seconds([2**22 + 1]) == 0
