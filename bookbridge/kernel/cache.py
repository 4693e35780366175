"""The cache server as something that BookBridge can do without.

Whatever happens to Redis, requests go on: an operation that fails gives what it would give
for a key that is not there, and after a failure all operations do so at once, for five seconds,
without touching the network (a circuit breaker). Then one operation tries whether Redis is back.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.cache import caches
from django_redis.cache import RedisCache
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bookbridge.kernel.wire import Wire, wire_of

logger = logging.getLogger(__name__)

OPEN_SECONDS = 5.0
ANSWER_SECONDS = 0.3
# Answers that come, but so late that doing without is faster: that many in a row are a failure.
SLOW_PART = 2 / 3
SLOW_IN_A_ROW = 5

# Redis is away, or no use for writing. Other refusals (out of memory, a key of another type)
# come at once and concern one operation, so they do not open the circuit.
AWAY = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OSError)
# What somebody else wrote under our key, or an older release of ours.
UNREADABLE = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)


class Circuit:
    """Whether a cache server is worth asking; one per server and process, shared by threads.

    Arguments:
        patience: how many seconds an answer may take at most.
    """

    def __init__(self, patience: float = ANSWER_SECONDS) -> None:
        self._slow_seconds = patience * SLOW_PART
        self._lock = threading.Lock()
        self._closed = True
        self._retry_at = 0.0
        self._quiet_until = 0.0
        self._slow = 0

    @property
    def closed(self) -> bool:
        """Whether the last operation that asked went well."""
        return self._closed

    def admits(self) -> bool:
        """Whether the caller may ask; while open, one caller in five seconds may."""
        if self._closed:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._retry_at:
                return self._closed
            self._retry_at = now + OPEN_SECONDS
            return True

    def succeeded(self, seconds: float) -> None:
        """An answer came after `seconds`."""
        if self._closed and seconds < self._slow_seconds and not self._slow:
            return
        with self._lock:
            self._slow = self._slow + 1 if seconds >= self._slow_seconds else 0
            if self._slow >= (SLOW_IN_A_ROW if self._closed else 1):
                self._open("it answers too slowly")
            elif not self._closed:
                self._closed = True
                logger.warning("The cache server is back.")

    def failed(self, error: Exception) -> None:
        """No answer came."""
        with self._lock:
            self._open(type(error).__name__)

    def refused(self, error: Exception) -> None:
        """An answer came that is of no use; said once in five seconds."""
        with self._lock:
            now = time.monotonic()
            if now >= self._quiet_until:
                self._quiet_until = now + OPEN_SECONDS
                logger.warning("A cache operation failed: %s", type(error).__name__)

    def _open(self, reason: str) -> None:
        if self._closed:
            logger.warning("The cache server is not used for now: %s.", reason)
        self._closed = False
        self._slow = 0
        self._retry_at = time.monotonic() + OPEN_SECONDS


_circuits: dict[tuple[str, float], Circuit] = {}
_circuits_lock = threading.Lock()


def circuit_of(server: str, patience: float = ANSWER_SECONDS) -> Circuit:
    """The circuit of one server. Caches are made per thread, what they know is not."""
    with _circuits_lock:
        return _circuits.setdefault((server, patience), Circuit(patience))


class ResilientRedisCache(RedisCache):
    """django-redis that never raises because of Redis.

    Values are JSON (never pickle: who can write to Redis must not run code here). `incr` of a
    key that is missing raises ValueError, as Django promises; without Redis it gives None.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.2,
            "SOCKET_TIMEOUT": ANSWER_SECONDS,
        } | params.get("OPTIONS", {})
        # Errors have to arrive here to be counted.
        options["IGNORE_EXCEPTIONS"] = False
        super().__init__(server, params | {"OPTIONS": options})
        self._circuit = circuit_of(str(server), options["SOCKET_TIMEOUT"])

    def close(self, **_of_signal: Any) -> None:
        """Nothing, after each request: connections are kept in a pool that all threads share."""

    @property
    def available(self) -> bool:
        """Whether the circuit is closed; asks nobody."""
        return self._circuit.closed

    def ping(self) -> bool:
        """Ask Redis for a sign of life; False at once while the circuit is open."""
        return bool(self.attempt(lambda: self.client.get_client().ping(), False))

    def script(self, source: str, keys: Sequence[str], args: Sequence[Any] = ()) -> Any | None:
        """Run a Lua script atomically; None when Redis cannot be asked or refuses.

        Keys get the prefix and version of this cache. The script must not return nil itself.
        """

        def run() -> Any:
            wanted = [self.client.make_key(key) for key in keys]
            return self._wire(write=True).run(source, wanted, list(args))

        return self.attempt(run, None)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Those of `keys` that are there; asked with most requests, so by the short way."""
        wanted = list(keys)

        def run() -> dict[Any, Any]:
            names = [self.client.make_key(key, version=version) for key in wanted]
            values = self._wire(write=False).ask("MGET", *names)
            decode, pairs = self.client.decode, zip(wanted, values, strict=True)
            return {key: decode(value) for key, value in pairs if value is not None}

        found: dict[Any, Any] = self.attempt(run, {}) if wanted else {}
        return found

    def _wire(self, *, write: bool) -> Wire:
        return wire_of(self.client.get_client(write=write).connection_pool)

    def attempt(self, operation: Callable[[], Any], default: Any) -> Any:
        """The result of `operation`, or `default` when Redis has none to give."""
        if not self._circuit.admits():
            return default
        started = time.monotonic()
        try:
            result = operation()
        except AWAY as error:
            self._circuit.failed(error)
            return default
        except (RedisError, *UNREADABLE) as error:
            self._circuit.succeeded(time.monotonic() - started)
            self._circuit.refused(error)
            return default
        except ValueError:
            self._circuit.succeeded(time.monotonic() - started)
            raise
        self._circuit.succeeded(time.monotonic() - started)
        return result

    def iter_keys(self, *args: Any, **kwargs: Any) -> Any:
        """All at once: an iterator would meet Redis outside of any guard."""
        return iter(self.attempt(lambda: list(self.client.iter_keys(*args, **kwargs)), []))

    def sscan_iter(self, *args: Any, **kwargs: Any) -> Any:
        """All at once, for the same reason."""
        return iter(self.attempt(lambda: list(self.client.sscan_iter(*args, **kwargs)), []))

    def lock(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a lock that is not there when Redis is away protects nothing."""
        raise NotImplementedError("Lock rows or use advisory locks of the database.")


def _given_default(key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
    return default


def _all_keys(data: dict[str, Any], *args: Any, **kwargs: Any) -> list[str]:
    return list(data)


# What an operation gives without Redis, where it is not None.
_DEFAULTS: dict[str, Callable[..., Any]] = {
    "get": _given_default,
    "set_many": _all_keys,
    "keys": lambda *args, **kwargs: [],
}
for _name in ("delete_many", "delete_pattern", "ttl", "pttl"):
    _DEFAULTS[_name] = lambda *args, **kwargs: 0
for _name in (
    "add", "set", "delete", "touch", "clear", "has_key", "persist",
    "expire", "expire_at", "pexpire", "pexpire_at",
):  # fmt: skip
    _DEFAULTS[_name] = lambda *args, **kwargs: False


def _guarded(name: str) -> Callable[..., Any]:
    operation = getattr(RedisCache, name)
    default = _DEFAULTS.get(name, lambda *args, **kwargs: None)

    @functools.wraps(operation)
    def guarded(self: ResilientRedisCache, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(lambda: operation(self, *args, **kwargs), default(*args, **kwargs))

    return guarded


# `close` touches no server, so that its success would say nothing.
for _name, _member in vars(RedisCache).items():
    _own = _name.startswith("_") or _name == "close" or _name in vars(ResilientRedisCache)
    if callable(_member) and not _own:
        setattr(ResilientRedisCache, _name, _guarded(_name))


def redis_cache() -> ResilientRedisCache | None:
    """The default cache when it is a cache server, else None."""
    cache = caches["default"]
    return cache if isinstance(cache, ResilientRedisCache) else None
