"""Where limits count: in the cache server, in this process, or in the database.

`limits.py` decides which; here every way counts with one atomic step.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bookbridge.kernel.cache import redis_cache
from bookbridge.kernel.models import LimitCounter

MAX_LOCAL_WINDOWS = 50_000
# A window that ends later than a window can is the work of a clock that was put back; servers
# whose clocks differ by less than this agree all the same.
CLOCK_SLACK = timedelta(seconds=60)

# A counter without a time to live would count for ever, hence the second condition.
TAKE = """
local n = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if n == 1 or left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {n, left}
"""
RESERVE = """
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local refused, wait = 0, 0
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= quota then
    local left = redis.call('PTTL', key)
    if left < 0 then redis.call('PEXPIRE', key, window); left = window end
    refused = 1
    wait = math.max(wait, left)
  end
end
if refused == 1 then return {0, quota, wait} end
local most = 0
for _, key in ipairs(KEYS) do
  local n = redis.call('INCR', key)
  local left = redis.call('PTTL', key)
  if n == 1 or left < 0 then redis.call('PEXPIRE', key, window); left = window end
  most = math.max(most, n)
  wait = math.max(wait, left)
end
return {1, most, wait}
"""
GIVE_BACK = """
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
return 1
"""

# One statement, on PostgreSQL and on SQLite from 3.35 alike. A full window is left alone and
# gives no row back, so that refused attempts never make it fuller.
TAKE_PLACE = """
INSERT INTO kernel_limitcounter AS counter (key, n, expires_at)
VALUES (%(key)s, 1, %(end)s)
ON CONFLICT (key) DO UPDATE SET
  n = CASE WHEN counter.expires_at <= %(now)s OR counter.expires_at > %(latest)s
      THEN 1 ELSE counter.n + 1 END,
  expires_at = CASE WHEN counter.expires_at <= %(now)s OR counter.expires_at > %(latest)s
      THEN excluded.expires_at ELSE counter.expires_at END
WHERE counter.n < %(quota)s
   OR counter.expires_at <= %(now)s OR counter.expires_at > %(latest)s
RETURNING n, expires_at
"""
RETURN_PLACE = "UPDATE kernel_limitcounter SET n = n - 1 WHERE key = %(key)s AND n > 0"


@dataclass(frozen=True)
class Count:
    """How often was counted in a window, and how long it goes on."""

    n: int
    milliseconds: int
    refused: bool = False


def count_in_redis(key: str, seconds: int) -> Count | None:
    """Count one use; None without a cache server."""
    answer = _script(TAKE, [key], [seconds * 1000])
    return Count(*answer) if answer is not None else None


def reserve_in_redis(keys: list[str], quota: int, seconds: int) -> Count | None:
    """Take a place for each key, or none; None without a cache server."""
    answer = _script(RESERVE, keys, [quota, seconds * 1000])
    if answer is None:
        return None
    allowed, n, milliseconds = answer
    return Count(n, milliseconds, refused=not allowed)


def give_back_in_redis(keys: list[str]) -> bool:
    """Return places; False without a cache server."""
    return _script(GIVE_BACK, keys, []) is not None


def reserve_in_database(keys: list[str], quota: int, seconds: int) -> Count:
    """Take a place for each key, or none.

    Each is taken by a statement of its own, and returned when a later one is refused: at worst
    somebody is refused for a moment who need not be, and never the other way round.
    """
    now = timezone.now()
    most, end = 0, now
    for position, key in enumerate(keys):
        row = _take_place(key, quota, seconds, now)
        if row is None:
            give_back_in_database(keys[:position])
            ends = LimitCounter.objects.filter(key=key).values_list("expires_at", flat=True)
            return Count(quota, _milliseconds((ends.first() or now) - now), refused=True)
        most, end = max(most, row[0]), max(end, row[1])
    return Count(most, _milliseconds(end - now))


def give_back_in_database(keys: list[str]) -> None:
    """Return places."""
    for key in keys:
        _run(RETURN_PLACE, {"key": key})


def expired() -> QuerySet[LimitCounter]:
    """Counters whose window is over."""
    return LimitCounter.objects.filter(expires_at__lt=timezone.now())


def purge_expired(*, at_most: int = 10_000) -> int:
    """Delete counters whose window is over; gives how many."""
    over = expired()
    keys = list(over.values_list("key", flat=True)[:at_most])
    return over.filter(key__in=keys).delete()[0]


class LocalWindows:
    """Counters of this process. Bounded in size; what was used longest ago goes first.

    Time is monotonic: a clock that is put back freezes no window.
    """

    def __init__(self, size: int = MAX_LOCAL_WINDOWS) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> Count:
        """Count one use."""
        now = time.monotonic()
        with self._lock:
            n, end = self._windows.pop(key, (0, 0.0))
            if end <= now:
                n, end = 0, now + seconds
                self._make_room(now)
            self._windows[key] = (n + 1, end)
        return Count(n + 1, math.ceil((end - now) * 1000))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._windows.clear()

    def __len__(self) -> int:
        return len(self._windows)

    def _make_room(self, now: float) -> None:
        if len(self._windows) < self._size:
            return
        self._windows = {key: kept for key, kept in self._windows.items() if kept[1] > now}
        # A tenth at a time, so that a full table is not walked for every request.
        for key in list(self._windows)[: max(0, len(self._windows) - self._size * 9 // 10)]:
            del self._windows[key]


local_windows = LocalWindows()


def _script(source: str, keys: list[str], args: list[int]) -> Any | None:
    cache = redis_cache()
    return None if cache is None else cache.script(source, [f"limit:{key}" for key in keys], args)


def _take_place(key: str, quota: int, seconds: int, now: datetime) -> tuple[int, datetime] | None:
    """The number of places taken and the end of the window; None when it is full."""
    end = now + timedelta(seconds=seconds)
    moments = {"now": now, "end": end, "latest": end + CLOCK_SLACK}
    adapt = connection.ops.adapt_datetimefield_value
    parameters = {name: adapt(moment) for name, moment in moments.items()}
    row = _run(TAKE_PLACE, parameters | {"key": key, "quota": quota})
    if row is None:
        return None
    n, stored = row
    if isinstance(stored, str):  # SQLite keeps moments as text, in UTC
        stored = parse_datetime(stored)
    return n, stored if stored.tzinfo else stored.replace(tzinfo=UTC)


def _run(statement: str, parameters: dict[str, Any]) -> Any | None:
    """The row that a statement returns, if it returns one.

    Durable: it raises when a transaction is under way, which could take the count back.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() if cursor.description else None


def _milliseconds(span: timedelta) -> int:
    return math.ceil(span.total_seconds() * 1000)
