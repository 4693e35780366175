"""Where limits count: requests in this process when there is no cache server, secrets in the
database. Requests that the cache server counts are in `leases.py`.

`limits.py` decides which; here every way counts with one atomic step.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bookbridge.kernel.models import LimitCounter

MAX_LOCAL_WINDOWS = 50_000
# A window that ends later than a window can is the work of a clock that was put back; servers
# whose clocks differ by less than this agree all the same.
CLOCK_SLACK = timedelta(seconds=60)

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
    """How often was counted in a window, and how long it goes on; `key` says in which."""

    n: int
    milliseconds: int
    refused: bool = False
    key: str = ""


@dataclass(frozen=True)
class Place:
    """One use of a limit by one key, to be counted in the database."""

    key: str
    quota: int
    seconds: int


class _Full(Exception):
    """A window has no place left; what was taken with it is taken back."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def look(places: list[Place]) -> Count:
    """Whether one of `places` is in a window that is full; takes nothing."""
    full = _full_windows(places, timezone.now())
    return full or Count(0, 0, key=places[0].key)


def reserve(places: list[Place]) -> Count:
    """Take every one of `places`, or none.

    They are taken in one transaction of their own, so that a place which is refused gives all
    others back. A window that is full is seen before anything is locked or written: a flood
    costs one reading statement for each attempt. The answer speaks of the window that has least
    left, or of the full one that lasts longest.

    Raises:
        RuntimeError: a transaction is under way, which could take the count back.
    """
    now = timezone.now()
    if (full := _full_windows(places, now)) is not None:
        return full
    taken: list[Count] = []
    try:
        with _counting():
            # In one order everywhere, so that two attempts cannot wait for each other.
            for place in sorted(places, key=lambda place: place.key):
                n, end = _take_place(place, now)
                taken.append(Count(n, _milliseconds(end - now), key=place.key))
    except _Full as refused:
        return _full_windows(places, now) or Count(0, 1, refused=True, key=refused.key)
    quotas = {place.key: place.quota for place in places}
    return min(taken, key=lambda count: (quotas[count.key] - count.n, -count.milliseconds))


def give_back(keys: list[str]) -> None:
    """Return places, in a transaction of its own."""
    with _counting():
        for key in sorted(keys):
            _run(RETURN_PLACE, {"key": key})


def forget(keys: list[str]) -> None:
    """Begin these windows anew."""
    LimitCounter.objects.filter(key__in=keys).delete()


def expired() -> QuerySet[LimitCounter]:
    """Counters whose window is over."""
    return LimitCounter.objects.filter(expires_at__lt=timezone.now())


def purge_expired(*, at_most: int = 10_000) -> int:
    """Delete counters whose window is over; gives how many."""
    with transaction.atomic():
        # What somebody is counting in is left alone, so that nobody waits for anybody.
        skip = connection.features.has_select_for_update_skip_locked
        over = expired().select_for_update(skip_locked=skip)
        keys = list(over.values_list("key", flat=True)[:at_most])
        return expired().filter(key__in=keys).delete()[0]


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


def _full_windows(places: list[Place], now: datetime) -> Count | None:
    """The full window that ends last; None when none is full."""
    quotas = {place.key: place for place in places}
    rows = LimitCounter.objects.filter(key__in=quotas).values_list("key", "n", "expires_at")
    waits = [
        Count(n, _milliseconds(expires_at - now), refused=True, key=key)
        for key, n, expires_at in rows
        if n >= quotas[key].quota
        and now < expires_at <= now + timedelta(seconds=quotas[key].seconds) + CLOCK_SLACK
    ]
    return max(waits, key=lambda count: count.milliseconds) if waits else None


def _take_place(place: Place, now: datetime) -> tuple[int, datetime]:
    """The number of places taken and the end of the window; `_Full` when there is none left."""
    end = now + timedelta(seconds=place.seconds)
    moments = {"now": now, "end": end, "latest": end + CLOCK_SLACK}
    adapt = connection.ops.adapt_datetimefield_value
    parameters = {name: adapt(moment) for name, moment in moments.items()}
    row = _run(TAKE_PLACE, parameters | {"key": place.key, "quota": place.quota})
    if row is None or row[0] > place.quota:  # a quota may be 0
        raise _Full(place.key)
    n, stored = row
    if isinstance(stored, str):  # SQLite keeps moments as text, in UTC
        stored = parse_datetime(stored)
    return n, stored if stored.tzinfo else stored.replace(tzinfo=UTC)


@contextmanager
def _counting() -> Iterator[None]:
    """A transaction of its own, that does not wait for the disk.

    Everybody who counts in a row waits for its lock, so that it must be short. When the server
    crashes, what was counted in the last moment before is lost; nothing else is.
    """
    with transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO off")
        yield


def _run(statement: str, parameters: dict[str, Any]) -> Any | None:
    """The row that a statement returns, if it returns one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() if cursor.description else None


def _milliseconds(span: timedelta) -> int:
    return math.ceil(span.total_seconds() * 1000)
