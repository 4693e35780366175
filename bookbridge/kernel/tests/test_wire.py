"""The short way to Redis: each asks on a connection that is in order, whatever happened before."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from bookbridge.kernel.cache import ResilientRedisCache
from bookbridge.kernel.tests.parallel import at_once
from bookbridge.kernel.wire import Wire, wire_of


def pool_of(url: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(
        url, socket_timeout=0.3, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 1)
    )


@pytest.fixture
def wire(private_redis: Any) -> Wire:
    return Wire(pool_of(private_redis.url))


def cut_all(port: int) -> None:
    with redis.Redis(port=port) as other:
        other.client_kill_filter(_type="normal", skipme=True)


def test_a_connection_is_used_again(wire: Wire) -> None:
    assert wire.ask("SET", "key", 1) == b"OK"
    assert wire.ask("GET", "key") == b"1"
    assert wire.ask("CLIENT", "ID") == wire.ask("CLIENT", "ID")


def test_threads_get_their_own_answers(wire: Wire) -> None:
    numbers = iter(range(20))

    def echo() -> bool:
        own = f"{next(numbers)}".encode()
        return all(wire.ask("ECHO", own + b"." * turn) == own + b"." * turn for turn in range(200))

    assert all(at_once(20, echo))
    assert len(wire._ready) <= 20


def test_what_redis_refuses_leaves_the_connection_in_order(wire: Wire) -> None:
    wire.ask("SET", "key", "text")
    number = wire.ask("CLIENT", "ID")
    with pytest.raises(ResponseError):
        wire.ask("INCR", "key")
    assert wire.ask("GET", "key") == b"text"
    assert wire.ask("CLIENT", "ID") == number


def test_connections_that_redis_closed_are_replaced_all_at_once(
    wire: Wire, private_redis: Any
) -> None:
    at_once(8, lambda: wire.ask("BLPOP", "none", 0.2))
    assert len(wire._ready) == 8
    cut_all(private_redis.port)
    assert wire.ask("ECHO", "b") == b"b"
    assert len(wire._ready) == 1
    cut_all(private_redis.port)
    assert at_once(8, lambda: wire.ask("ECHO", "c")) == [b"c"] * 8


def test_a_restarted_redis_is_met_without_an_error(wire: Wire, private_redis: Any) -> None:
    wire.ask("ECHO", "a")
    private_redis.stop()
    private_redis.start()
    assert wire.ask("ECHO", "b") == b"b"


def test_a_redis_that_is_down_is_an_error(closed_port: str) -> None:
    wire = Wire(pool_of(closed_port))
    for _round in range(2):
        with pytest.raises(RedisConnectionError):
            wire.ask("ECHO", "a")
    assert not wire._ready


def test_a_late_answer_is_nobody_elses(wire: Wire, private_redis: Any) -> None:
    wire.ask("SET", "late", "late")
    private_redis.send(signal.SIGSTOP)
    started = time.perf_counter()
    with pytest.raises(RedisTimeoutError):
        wire.ask("GET", "late")
    assert time.perf_counter() - started < 1.5
    assert not wire._ready
    private_redis.send(signal.SIGCONT)
    for _round in range(600):
        try:
            assert wire.ask("ECHO", "own") == b"own"
            break
        except RedisTimeoutError:  # still waking up
            time.sleep(0.05)
    assert wire.ask("ECHO", "own again") == b"own again"


def test_a_command_that_was_not_answered_in_time_is_not_repeated(
    wire: Wire, private_redis: Any
) -> None:
    wire.ask("SET", "n", 0)
    private_redis.send(signal.SIGSTOP)
    with pytest.raises(RedisTimeoutError):
        wire.ask("INCR", "n")
    private_redis.send(signal.SIGCONT)
    time.sleep(0.1)
    with redis.Redis(port=private_redis.port) as other:
        assert other.get("n") == b"1"


def test_after_a_fork_the_child_has_connections_of_its_own(wire: Wire) -> None:
    number = wire.ask("CLIENT", "ID")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if wire.ask("CLIENT", "ID") != number else 2
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert wire.ask("CLIENT", "ID") == number


def test_scripts_run_where_they_are_known_and_where_they_are_not(wire: Wire) -> None:
    source = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}"
    assert wire.run(source, ["key"], [7]) == [b"key", b"7", 1]
    assert wire.run(source, ["key"], [8]) == [b"key", b"8", 2]
    wire.ask("SCRIPT", "FLUSH")
    assert wire.run(source, ["key"], [9]) == [b"key", b"9", 3]


def test_one_server_has_one_wire(private_redis: Any, closed_port: str) -> None:
    pool = pool_of(private_redis.url)
    assert wire_of(pool) is wire_of(pool)
    assert wire_of(pool) is not wire_of(pool_of(closed_port))


def test_the_cache_asks_with_its_prefix_and_version(private_redis: Any) -> None:
    cache = ResilientRedisCache(private_redis.url, {"KEY_PREFIX": "own", "VERSION": 3})
    cache.set("one", {"a": "é"})
    cache.set("two", 2, version=4)
    assert cache.get_many(iter(["one", "two"])) == {"one": {"a": "é"}}
    assert cache.get_many(["one", "two"], version=4) == {"two": 2}
    assert cache.get_many([]) == {}
    assert cache.script("return KEYS[1]", ["key"]) == b"own:3:key"
