"""What a process has at hand of the kept answers: never other than what the cache would give."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache as default_cache

from bookbridge.kernel.rendering import to_json
from stats import caching
from stats.tests.figures import ANA, RUI, Clock, Figure

pytestmark = pytest.mark.usefixtures("patient_circuit")
KEY = "stats:2:figure"


class Processes:
    """Two processes with one cache, by what each has at hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.at_hand: dict[str, dict[str, Any]] = {}
        self.be("first")

    def be(self, name: str) -> None:
        """From now on what is done is done by the process called `name`."""
        self._monkeypatch.setattr(caching, "_at_hand", self.at_hand.setdefault(name, {}))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(monkeypatch)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers that were read from the cache."""
    keys: list[str] = []
    fetch = caching._fetch

    def noted(key: str) -> Any:
        keys.append(key)
        return fetch(key)

    monkeypatch.setattr(caching, "_fetch", noted)
    return keys


def test_an_answer_is_read_and_encoded_once_by_each_process(
    processes: Processes, fetched: list[str]
) -> None:
    figure = Figure()
    first = caching.answer("figure", figure, reader_id=None)
    fetched.clear()
    assert caching.answer("figure", figure, reader_id=ANA) is first
    assert fetched == []
    processes.be("second")
    read = [caching.answer("figure", figure, reader_id=RUI) for _ in range(3)]
    assert fetched == [KEY]
    assert read[0] == first
    assert read[2].body is read[1].body is read[0].body
    assert read[0].body == first.body == to_json(first.data)
    assert figure.computed == 1


def test_what_another_process_computed_anew_is_given(processes: Processes, clock: Clock) -> None:
    figure = Figure()
    figure.read()
    processes.be("second")
    figure.truth, clock.ahead = 1, 4.5
    assert figure.read() == 1
    processes.be("first")
    assert figure.read() == 1
    assert figure.computed == 2


@pytest.mark.parametrize(("kind", "seen"), [("review", 0), ("visibility", 1)])
def test_what_is_at_hand_is_judged_by_the_counters_of_all(
    processes: Processes, kind: str, seen: int
) -> None:
    figure = Figure()
    processes.be("second")
    figure.read()
    processes.be("first")
    figure.read()
    figure.write(ANA, kind=kind)
    processes.be("second")
    assert figure.read(RUI) == seen
    assert figure.read(ANA) == 1


def test_an_answer_at_hand_is_no_older_than_any_other(processes: Processes, clock: Clock) -> None:
    figure = Figure()
    figure.read()
    entry = caching._at_hand[KEY]
    figure.truth, clock.ahead = 1, 5.1
    # As if its stamp had outlived it.
    default_cache.set(f"{KEY}:stamp", entry.stamp, 60)
    assert figure.read() == 1


def test_a_stamp_without_its_answer_is_a_miss(processes: Processes) -> None:
    figure = Figure()
    figure.read()
    default_cache.delete(KEY)
    processes.be("second")
    figure.truth = 1
    assert figure.read() == 1


def test_an_answer_without_its_stamp_is_computed_anew(processes: Processes) -> None:
    figure = Figure()
    figure.read()
    default_cache.delete(f"{KEY}:stamp")
    figure.truth = 1
    assert figure.read() == 1
    processes.be("second")
    assert figure.read() == 1
    assert figure.computed == 2


def test_a_later_answer_than_the_stamp_says_is_judged_by_itself(processes: Processes) -> None:
    figure = Figure()
    figure.read()
    now, entry = caching._look(KEY, None)
    assert entry is not None
    figure.write(None, kind="visibility")
    # The counters were read before the epoch, the answer after it.
    figure.read()
    processes.be("second")
    later = caching._entry(KEY, entry.stamp)
    assert later is not None
    assert later.stamp != entry.stamp
    assert not caching._may_be_given(later, now)


def test_few_answers_are_at_hand_and_the_oldest_go_first(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "AT_HAND", 3)
    for number in range(10):
        caching.answer(f"figure:{number}", Figure(), reader_id=None)
    assert list(caching._at_hand) == [f"stats:2:figure:{number}" for number in (7, 8, 9)]
