"""Freshness, one computation for all who wait, and a cache that is away, with real threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache as default_cache

from bookbridge.kernel.rendering import Encoded
from stats import caching, counters
from stats.tests.figures import ANA, RUI, Clock, Figure, at_once

pytestmark = pytest.mark.usefixtures("patient_circuit")


# -- freshness --------------------------------------------------------------------------


def test_an_answer_is_computed_once_and_says_when() -> None:
    figure = Figure()
    first = caching.answer("figure", figure, reader_id=None)
    assert first.data["generated_at"].endswith("Z")
    assert caching.answer("figure", figure, reader_id=ANA) == first
    assert figure.computed == 1


def test_the_writers_own_next_read_is_right_and_others_get_the_previous_answer() -> None:
    figure = Figure()
    assert figure.read() == 0
    figure.write(ANA)
    assert figure.read() == 0
    assert figure.read(RUI) == 0
    assert figure.read(ANA) == 1
    assert figure.computed == 2
    # What the writer had computed is good for everybody.
    assert figure.read(RUI) == 1
    assert figure.read(ANA) == 1
    assert figure.computed == 2


def test_every_write_counts_for_every_statistic_of_its_writer() -> None:
    figure = Figure()
    for expected in range(1, 6):
        figure.write(ANA)
        assert figure.read(ANA) == expected
    figure.write(RUI)
    assert figure.read(ANA) == 5
    assert figure.read(RUI) == 6


def test_everybody_sees_a_write_within_five_seconds(clock: Clock) -> None:
    figure = Figure()
    figure.read()
    figure.write(ANA)
    clock.ahead = 3.9
    assert figure.read() == 0
    clock.ahead = 4.9
    assert figure.read() == 1


def test_nothing_older_than_the_greatest_age_is_given(clock: Clock) -> None:
    figure = Figure()
    figure.read()
    figure.write(ANA)
    clock.ahead = 5.1
    assert default_cache.add("stats:2:figure:lock", 1, 1)
    assert figure.read() == 1


def test_an_answer_from_the_future_is_not_trusted(clock: Clock) -> None:
    figure = Figure()
    clock.ahead = 30
    figure.read()
    clock.ahead = 0
    figure.truth = 1
    assert figure.read() == 1


@pytest.mark.parametrize("reader_id", [None, ANA, RUI])
def test_after_a_change_of_visibility_nobody_gets_an_earlier_answer(reader_id: int | None) -> None:
    figure = Figure()
    figure.read()
    figure.write(ANA, kind="visibility")
    assert figure.read(reader_id) == 1


def test_a_change_of_visibility_by_nobody_counts_too() -> None:
    figure = Figure()
    figure.read()
    figure.write(None, kind="visibility")
    assert figure.read() == 1


def test_a_computation_begun_before_a_change_of_visibility_is_not_given_after_it() -> None:
    figure = Figure(0.3)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(figure.read)
        time.sleep(0.1)
        figure.write(ANA, kind="visibility")
        assert figure.read() == 1
        assert early.result() == 0
    assert figure.read() == 1


def test_a_writer_does_not_join_a_computation_begun_before_the_write() -> None:
    figure = Figure(0.3)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(figure.read)
        time.sleep(0.1)
        figure.write(ANA)
        assert figure.read(ANA) == 1
        assert early.result() == 0


def test_without_a_greatest_age_everything_is_computed(settings: Any) -> None:
    settings.STATS_MAX_AGE_SECONDS = 0
    figure = Figure()
    figure.read()
    figure.write(ANA)
    assert figure.read() == 1


@pytest.mark.parametrize("lost", [counters.WRITES, counters.EPOCH])
def test_a_counter_that_was_lost_begins_above_all_before(lost: str) -> None:
    figure = Figure()
    figure.write(ANA)
    figure.read()
    default_cache.delete(lost)
    figure.write(ANA)
    assert figure.read(ANA) == 2
    figure.write(RUI, kind="visibility")
    assert figure.read() == 3


def test_a_flushed_cache_is_only_cold() -> None:
    figure = Figure()
    figure.write(ANA)
    figure.read()
    figure.truth = 5
    default_cache.clear()
    assert figure.read() == 5
    figure.write(RUI)
    assert figure.read(RUI) == 6


# -- one computation --------------------------------------------------------------------


def test_a_hundred_requests_on_a_cold_key_make_one_computation() -> None:
    figure = Figure(0.2)
    assert at_once(100, figure.read) == [0] * 100
    assert figure.computed == 1


def test_one_computes_an_answer_that_grew_old_and_the_others_do_not_wait(clock: Clock) -> None:
    figure = Figure()
    figure.read()
    figure.truth, figure.seconds, clock.ahead = 1, 0.5, 4.5
    durations = []

    def timed() -> int:
        started = time.monotonic()
        n = figure.read()
        durations.append(time.monotonic() - started)
        return n

    answers = at_once(30, timed)
    assert figure.computed == 2
    assert sorted(answers) == [0] * 29 + [1]
    assert sum(duration >= 0.5 for duration in durations) == 1


def test_who_comes_with_the_lock_after_a_refresh_does_not_repeat_it(clock: Clock) -> None:
    figure = Figure()
    now, entry = caching._look("stats:2:figure", None)
    figure.read()
    now, entry = caching._look("stats:2:figure", None)
    assert entry is not None
    clock.ahead = 4.5
    figure.read()
    assert caching._refresh("stats:2:figure", figure, now, entry).data["n"] == 0
    assert figure.computed == 2


def test_another_process_that_computes_is_waited_for() -> None:
    figure = Figure()
    caching._take("stats:2:figure")

    def other_process() -> None:
        time.sleep(0.3)
        now, _entry = caching._look("stats:2:figure", None)
        caching._keep("stats:2:figure", Encoded({"n": 42}), now.shared, time.time())
        caching._release("stats:2:figure")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(other_process)
        assert at_once(10, figure.read) == [42] * 10
    assert figure.computed == 0


def test_another_process_that_died_while_computing_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching, "WAIT_SECONDS", 0.2)
    figure = Figure()
    caching._take("stats:2:figure")
    assert figure.read() == 0
    assert figure.computed == 1


def test_a_computation_in_this_process_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching, "WAIT_SECONDS", 0.1)
    figure = Figure(0.5)
    assert at_once(2, figure.read) == [0, 0]
    assert figure.computed == 2


def test_a_late_computation_does_not_replace_a_later_one() -> None:
    figure = Figure(0.4)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(figure.read)
        time.sleep(0.1)
        figure.write(ANA)
        figure.seconds = 0
        caching._release("stats:2:figure")  # as if its time had run out
        assert figure.read(ANA) == 1
        assert early.result() == 0
    assert figure.read() == 1


def test_an_error_goes_to_all_who_wait_and_is_not_kept() -> None:
    computed = []

    def missing() -> dict[str, Any]:
        computed.append(1)
        time.sleep(0.2)
        raise LookupError("not there")

    def read() -> str:
        try:
            caching.answer("figure", missing, reader_id=None)
        except LookupError as error:
            return str(error)
        return "no error"

    assert at_once(10, read) == ["not there"] * 10
    assert len(computed) == 1
    assert Figure().read() == 0
