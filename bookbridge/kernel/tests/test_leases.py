"""Uses that a process takes several at a time: exact in one process, never too many in several."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from bookbridge.kernel import counters, limits
from bookbridge.kernel.cache import ResilientRedisCache, redis_cache
from bookbridge.kernel.leases import Leases, leases
from bookbridge.kernel.limits import Limit, take
from bookbridge.kernel.tests.parallel import at_once

QUOTA = 1200


@pytest.fixture
def questions(
    private_redis: Any, use_cache: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """A Redis of the test's own, and how many uses each question to it asked for."""
    use_cache(private_redis.url)
    asked: list[int] = []
    ask = ResilientRedisCache.script

    def script(self: Any, source: str, keys: Any, args: Any) -> Any:
        asked.append(args[1])
        return ask(self, source, keys, args)

    monkeypatch.setattr(ResilientRedisCache, "script", script)
    return asked


def allowed(table: Leases, seconds: int = 60, quota: int = QUOTA) -> bool:
    count = table.count("key", seconds, quota)
    assert count is not None
    return count.n <= quota


def test_in_one_process_what_remains_falls_by_one_each_time(questions: list[int]) -> None:
    limit = Limit("reader", QUOTA)
    verdicts = [take(limit, "7") for _ in range(QUOTA + 5)]
    assert [verdict.remaining for verdict in verdicts] == [*range(QUOTA - 1, -1, -1), *[0] * 5]
    assert [verdict.allowed for verdict in verdicts] == [True] * QUOTA + [False] * 5
    assert all(55 <= verdict.reset_seconds <= 60 for verdict in verdicts)


def test_leases_double_and_are_a_small_part_of_the_quota(questions: list[int]) -> None:
    table = Leases()
    for _ in range(100):
        assert allowed(table)
    assert questions[:7] == [1, 2, 4, 8, 16, 32, 37]
    assert len(questions) == 7


def test_near_the_end_every_use_is_counted_alone(questions: list[int]) -> None:
    table = Leases()
    for _ in range(QUOTA - 15):
        allowed(table)
    questions.clear()
    for _ in range(15):
        assert allowed(table)
    assert len(questions) == 15
    assert not allowed(table)


def test_a_small_quota_is_counted_one_by_one(questions: list[int]) -> None:
    table = Leases()
    assert [allowed(table, quota=63) for _ in range(70)] == [True] * 63 + [False] * 7
    assert questions == [1] * 70
    assert not len(table)


@pytest.mark.parametrize("seed", range(5))
def test_two_processes_never_allow_more_than_the_quota(questions: list[int], seed: int) -> None:
    processes, turn = [Leases(), Leases()], random.Random(seed)
    share = turn.random()
    asked = [turn.random() < share for _ in range(QUOTA * 2)]
    verdicts = [allowed(processes[first]) for first in asked]
    assert sum(verdicts) <= QUOTA
    unused = sum(lease.spare for table in processes for lease in table._leases.values())
    assert sum(verdicts) + unused == QUOTA, "nothing else is lost"
    assert len(questions) < QUOTA * 2


def test_what_a_process_left_unused_is_all_that_others_are_refused_early(
    questions: list[int],
) -> None:
    gone, other = Leases(), Leases()
    for _ in range(100):
        allowed(gone)
    unused = gone._leases["key"].spare
    assert 0 <= unused < QUOTA // 32
    assert sum(allowed(other) for _ in range(QUOTA)) == QUOTA - 100 - unused


def test_threads_of_two_processes_get_the_quota_exactly(questions: list[int]) -> None:
    processes, turns = [Leases(), Leases()], itertools.count()

    def many() -> int:
        table = processes[next(turns) % 2]
        return sum(allowed(table, quota=640) for _ in range(60))

    given = sum(at_once(16, many))
    unused = sum(lease.spare for table in processes for lease in table._leases.values())
    assert given + unused == 640
    assert len(questions) < 960


def test_threads_lose_none_of_what_they_take_together(questions: list[int]) -> None:
    table = Leases()
    assert at_once(20, lambda: [allowed(table) for _ in range(30)]) == [[True] * 30] * 20
    cache = redis_cache()
    assert cache is not None
    assert cache.get("limit:key") == 600 + table._leases["key"].spare
    assert len(questions) < 600


def test_a_lease_ends_with_its_window(questions: list[int]) -> None:
    table = Leases()
    for _ in range(20):
        assert allowed(table, seconds=1)
    assert table._leases["key"].spare
    time.sleep(1.05)
    count = table.count("key", 1, QUOTA)
    assert count is not None
    assert count.n == 1
    assert questions[-1] == 1
    assert not table._leases["key"].spare


def test_a_lease_ends_no_later_than_the_window_of_redis(questions: list[int]) -> None:
    table = Leases()
    for _ in range(20):
        allowed(table)
    cache = redis_cache()
    assert cache is not None
    left = cache.pttl("limit:key") / 1000
    assert table._leases["key"].end <= time.monotonic() + left


def test_after_a_flush_the_count_begins_anew_when_the_lease_is_used_up(
    questions: list[int],
) -> None:
    table = Leases()
    for _ in range(20):
        allowed(table)
    spare = table._leases["key"].spare
    cache = redis_cache()
    assert cache is not None
    cache.clear()
    counts = [table.count("key", 60, QUOTA) for _ in range(spare + 2)]
    assert [count.n for count in counts if count is not None][-2:] == [1, 2]


def test_without_redis_a_lease_is_used_up_and_then_the_process_counts(
    questions: list[int], private_redis: Any
) -> None:
    limit = Limit("reader", QUOTA)
    for _ in range(10):
        take(limit, "7")
    spare = leases._leases[limits.counter_key("reader", "7")].spare
    assert spare == 5
    private_redis.stop()
    remaining = [take(limit, "7").remaining for _ in range(spare + 2)]
    assert remaining == [*range(QUOTA - 11, QUOTA - 16, -1), QUOTA - 1, QUOTA - 2]
    assert len(counters.local_windows) == 1


def test_the_table_is_bounded_and_forgets_the_oldest(questions: list[int]) -> None:
    table = Leases(size=50)
    for number in range(200):
        table.count(f"key {number}", 60, QUOTA)
        assert len(table) <= 50
    assert table._leases.keys() >= {"key 199", "key 190"}
