"""Redis down, frozen, full, restarted, flushed: no operation ever raises because of it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django_redis.cache import RedisCache

from bookbridge.kernel.cache import OPEN_SECONDS, Circuit, ResilientRedisCache, redis_cache

OPERATIONS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("get", ("key",), None),
    ("get", ("key", "else"), "else"),
    ("set", ("key", 1), False),
    ("add", ("key", 1), False),
    ("delete", ("key",), False),
    ("touch", ("key", 5), False),
    ("has_key", ("key",), False),
    ("get_many", (["one", "two"],), {}),
    ("set_many", ({"one": 1, "two": 2},), ["one", "two"]),
    ("delete_many", (["one", "two"],), 0),
    ("delete_pattern", ("*",), 0),
    ("get_or_set", ("key", 7), 7),
    ("incr", ("key",), None),
    ("decr", ("key",), None),
    ("incr_version", ("key",), None),
    ("ttl", ("key",), 0),
    ("pttl", ("key",), 0),
    ("expire", ("key", 5), False),
    ("persist", ("key",), False),
    ("keys", ("*",), []),
    ("clear", (), False),
    ("ping", (), False),
    ("script", ("return 1", ["key"]), None),
    ("sadd", ("key", 1), None),
    ("hset", ("key", "field", 1), None),
    ("zadd", ("key", {"a": 1}), None),
]


@pytest.mark.parametrize(("name", "args", "expected"), OPERATIONS)
def test_each_operation_gives_its_default_when_redis_is_down(
    closed_port: str, name: str, args: tuple[Any, ...], expected: Any
) -> None:
    cache = ResilientRedisCache(closed_port, {})
    assert getattr(cache, name)(*args) == expected, "the operation that finds out"
    assert getattr(cache, name)(*args) == expected, "the ones after it"
    assert not cache.available


def test_no_operation_of_django_redis_is_left_unguarded() -> None:
    unguarded = {
        name
        for name, member in vars(RedisCache).items()
        if callable(member)
        and not name.startswith("_")
        and vars(ResilientRedisCache).get(name) is None
    }
    assert unguarded == set()


def test_iterators_and_membership_are_empty_when_redis_is_down(closed_port: str) -> None:
    cache = ResilientRedisCache(closed_port, {})
    assert list(cache.iter_keys("*")) == []
    assert list(cache.sscan_iter("key")) == []
    assert "key" not in cache


def test_a_frozen_redis_costs_one_wait_and_then_nothing(silent_server: str) -> None:
    cache = ResilientRedisCache(silent_server, {})
    started = time.perf_counter()
    assert cache.get("key") is None
    assert time.perf_counter() - started < 1.5
    started = time.perf_counter()
    for _round in range(100):
        assert cache.get("key", "else") == "else"
        assert cache.script("return 1", ["key"]) is None
    assert time.perf_counter() - started < 0.1


def test_all_caches_of_one_server_share_what_is_known_of_it(silent_server: str) -> None:
    ResilientRedisCache(silent_server, {}).get("key")
    other = ResilientRedisCache(silent_server, {})
    assert not other.available
    started = time.perf_counter()
    other.get("key")
    assert time.perf_counter() - started < 0.05


def test_the_failure_is_logged_once(closed_port: str, caplog: pytest.LogCaptureFixture) -> None:
    cache = ResilientRedisCache(closed_port, {})
    with caplog.at_level(logging.WARNING):
        for _round in range(20):
            cache.get("key")
    assert len(caplog.records) == 1


def test_while_the_circuit_is_open_one_of_many_threads_may_ask(quick_circuit: float) -> None:
    circuit = Circuit()
    circuit.failed(ConnectionError())
    assert not circuit.admits()
    time.sleep(quick_circuit + 0.05)
    admitted: list[bool] = []
    threads = [
        threading.Thread(target=lambda: admitted.append(circuit.admits())) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 1
    circuit.succeeded(0.001)
    assert circuit.closed
    assert circuit.admits()


def test_a_server_that_answers_too_late_several_times_is_not_used() -> None:
    circuit = Circuit()
    for _round in range(4):
        circuit.succeeded(0.25)
    circuit.succeeded(0.001)
    for _round in range(4):
        circuit.succeeded(0.25)
    assert circuit.closed, "not in a row"
    circuit.succeeded(0.25)
    assert not circuit.closed


def test_a_late_answer_to_the_probe_keeps_the_circuit_open() -> None:
    circuit = Circuit()
    circuit.failed(ConnectionError())
    circuit.succeeded(0.25)
    assert not circuit.closed
    assert OPEN_SECONDS == 5


def test_a_value_that_json_cannot_hold_is_a_fault_of_ours(closed_port: str) -> None:
    with pytest.raises(TypeError):
        ResilientRedisCache(closed_port, {}).set("key", object())


def test_locks_are_refused(closed_port: str) -> None:
    with pytest.raises(NotImplementedError):
        ResilientRedisCache(closed_port, {}).lock("key")


def test_the_cache_of_the_process_is_no_cache_server(without_cache_server: None) -> None:
    assert redis_cache() is None


def test_values_come_back_as_json(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    cache.set("key", {"a": [1, 2.5, "é", None]}, 60)
    assert cache.get("key") == {"a": [1, 2.5, "é", None]}
    cache.set_many({"one": 1, "two": "2"})
    assert cache.get_many(["one", "two", "three"]) == {"one": 1, "two": "2"}
    assert sorted(cache.iter_keys("*")) == ["key", "one", "two"]
    assert cache.client.get_client().get(":1:key") == b'{"a": [1, 2.5, "\\u00e9", null]}'
    assert cache.ping()


def test_incr_of_a_missing_key_raises_as_django_promises(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")
    cache.set("key", 5)
    assert cache.incr("key") == 6
    assert cache.available


def test_a_value_that_somebody_else_wrote_is_a_miss_and_no_failure(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    for value in (b"\x80\x04K\x01.", b"{", b"[" * 100_000):
        cache.client.get_client().set(":1:key", value)
        assert cache.get("key", "else") == "else"
        assert cache.get_many(["key"]) == {}
    cache.client.get_client().delete(":1:key")
    cache.client.get_client().rpush(":1:key", 1)
    assert cache.get("key") is None
    assert cache.available


def test_scripts_survive_a_server_that_forgot_them(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    source = "return redis.call('INCR', KEYS[1])"
    assert cache.script(source, ["key"]) == 1
    cache.client.get_client().script_flush()
    cache.client.get_client().flushall()
    assert cache.script(source, ["key"]) == 1


def test_a_restarted_redis_is_used_again(private_redis: Any, quick_circuit: float) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    assert cache.set("key", 1)
    private_redis.stop()
    assert cache.get("key") is None
    private_redis.start()
    assert not cache.set("key", 2), "the circuit is still open"
    time.sleep(quick_circuit + 0.05)
    assert cache.set("key", 2)
    assert cache.get("key") == 2
    assert cache.available


def test_connections_that_redis_closed_meanwhile_are_replaced(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    cache.set("key", 1)
    with private_redis_client(private_redis.port) as other:
        other.client_kill_filter(_type="normal", skipme=True)
    assert cache.get("key") == 1
    assert cache.available


def test_a_frozen_and_thawed_redis_is_used_again(private_redis: Any, quick_circuit: float) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    cache.set("key", 1)
    private_redis.send(signal.SIGSTOP)
    started = time.perf_counter()
    assert cache.get("key") is None
    assert time.perf_counter() - started < 1.5
    private_redis.send(signal.SIGCONT)
    time.sleep(quick_circuit + 0.05)
    assert cache.get("key") == 1


def test_a_full_redis_refuses_writes_and_nobody_notices(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {})
    cache.set("key", 1)
    cache.client.get_client().config_set("maxmemory", "1")
    assert cache.set("other", 1) is False
    assert cache.script("return redis.call('INCR', KEYS[1])", ["key"]) is None
    assert cache.get("key") == 1


def test_requests_go_on_through_the_cache_framework(
    use_cache: Callable[[str], None], closed_port: str
) -> None:
    use_cache(closed_port)
    cache = redis_cache()
    assert cache is not None
    assert cache.get("key") is None
    assert not cache.available


def private_redis_client(port: int) -> Any:
    import redis

    return redis.Redis(port=port)
