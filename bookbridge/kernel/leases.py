"""Uses of a request limit, several at a time from the cache server.

A key that is busy in this process takes some uses at once, a lease, and hands them out without
asking again. Redis counts them when they are taken, so that all processes together never allow
more than the quota; what a process took and did not use is refused early to others, which is
little: a lease is small beside the quota and beside what is left of it, and ends with its window.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from bookbridge.kernel.cache import redis_cache
from bookbridge.kernel.counters import MAX_LOCAL_WINDOWS, Count

#: A lease is at most this part of the quota, and this part of what is left of it.
PART_OF_QUOTA = 32
PART_OF_REST = 8
#: What is left of a window is told in whole milliseconds, rounded up.
ROUNDING_SECONDS = 0.001

# A counter without a time to live would count for ever, hence the second condition. The first
# use of a window is always taken alone.
TAKE = """
local n = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if n == 1 or left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
local more = math.min(tonumber(ARGV[2]), math.floor((tonumber(ARGV[3]) - n + 1) / ARGV[4])) - 1
if n == 1 or more <= 0 then
  return {n, left, 0}
end
redis.call('INCRBY', KEYS[1], more)
return {n, left, more}
"""


@dataclass(slots=True)
class Lease:
    """What a process holds of one window.

    Attributes:
        spare: uses that Redis has counted and nobody has had yet.
        counted: how many Redis had counted when it was asked last.
        end: when the window ends, or a little before, in monotonic seconds.
        wanted: how many to ask for when none is spare.
    """

    spare: int
    counted: int
    end: float
    wanted: int


class Leases:
    """The leases of this process. Bounded in size; the oldest go first.

    One that is forgotten, or lost with its process, is only a few uses that nobody gets.
    """

    def __init__(self, size: int = MAX_LOCAL_WINDOWS) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._leases: dict[str, Lease] = {}

    def count(self, key: str, seconds: int, quota: int) -> Count | None:
        """Count one use of `quota` in `seconds`; None without a cache server."""
        most = quota // PART_OF_QUOTA
        wanted = 1
        if most > 1:
            with self._lock:
                now = time.monotonic()
                lease = self._leases.get(key)
                if lease is not None and lease.end > now:
                    if lease.spare:
                        lease.spare -= 1
                        n = min(quota, lease.counted - lease.spare)
                        return Count(n, math.ceil((lease.end - now) * 1000))
                    # Who comes before the answer takes one use alone.
                    wanted, lease.wanted = min(lease.wanted, most), 1
        asked = time.monotonic()
        answer = _take(key, [seconds * 1000, wanted, quota, PART_OF_REST])
        if answer is None:
            return None
        n, milliseconds, more = answer
        if most > 1:
            # The window began to count down after the question was sent.
            self._add(key, n, more, asked + milliseconds / 1000 - ROUNDING_SECONDS)
        return Count(n, milliseconds)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._leases.clear()

    def __len__(self) -> int:
        return len(self._leases)

    def _add(self, key: str, n: int, more: int, end: float) -> None:
        """What Redis gave: use `n`, and `more` after it."""
        with self._lock:
            now = time.monotonic()
            if end <= now:
                return
            lease = self._leases.get(key)
            if lease is not None and lease.end > now and n > 1:
                # No window begins before the end of the one before it: this is the same one.
                # (After the loss of all counts there may be a new one; its first use is 1.)
                lease.spare += more
                lease.counted = max(lease.counted, n + more)
                lease.end = min(lease.end, end)
                lease.wanted = max(lease.wanted, 2 * (more + 1))
                return
            self._make_room(now)
            self._leases[key] = Lease(more, n + more, end, 2 * (more + 1))

    def _make_room(self, now: float) -> None:
        if len(self._leases) < self._size:
            return
        self._leases = {key: lease for key, lease in self._leases.items() if lease.end > now}
        # A tenth at a time, so that a full table is not walked for every request.
        for key in list(self._leases)[: max(0, len(self._leases) - self._size * 9 // 10)]:
            del self._leases[key]


leases = Leases()


def _take(key: str, args: list[int]) -> tuple[int, int, int] | None:
    cache = redis_cache()
    answer = None if cache is None else cache.script(TAKE, [f"limit:{key}"], args)
    return None if answer is None else tuple(answer)
