"""Counters by which a reader of statistics knows what an answer includes.

Every write moves the first one and leaves its new number as the mark of the writer. Whatever
changes who may see something moves the second one, the epoch. They live in the cache, for all
processes. The process has its own as well, which serve while there is no cache server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from bookbridge.kernel.cache import redis_cache

WRITES = "stats:writes"
EPOCH = "stats:epoch"
#: The mark of a writer outlives every answer from before the write.
MARK_SECONDS = 60
MARKS_IN_PROCESS = 10_000
# A counter that is not there, or was lost, starts above all that was before.
COUNT = """
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local n = redis.call('INCR', KEYS[1])
if KEYS[2] then
  redis.call('SET', KEYS[2], n, 'EX', ARGV[2])
end
return n
"""


@dataclass(frozen=True)
class Count:
    """What one pair of counters says; `mark` is the number of the reader's own last write."""

    writes: int
    epoch: int
    mark: int = 0

    def allows(self, since: Count) -> bool:
        """Whether an answer computed from `since` on may be given now."""
        return self.epoch == since.epoch and self.mark <= since.writes


@dataclass(frozen=True)
class Moment:
    """What the counters of this process say, and those that all processes share, if any."""

    here: Count
    shared: Count | None = None

    def allows(self, since: Moment) -> bool:
        """Whether an answer computed from `since` on may be given now."""
        if self.shared is not None and since.shared is not None:
            return self.shared.allows(since.shared)
        return self.here.allows(since.here)


#: What is known in this process of an answer that another one computed.
UNKNOWN = Count(-1, -1)


class Counters:
    """The counters of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.writes = 0
        self.epoch = 0
        self._marks: dict[int, int] = {}

    def count_write(self, reader_id: int | None) -> None:
        """Count one write of the reader."""
        with self._lock:
            self.writes += 1
            if reader_id is None:
                return
            if len(self._marks) >= MARKS_IN_PROCESS:
                self._marks.clear()
                self.epoch += 1
            self._marks[reader_id] = self.writes

    def begin_epoch(self) -> None:
        """From now on nothing computed before is given to anybody."""
        with self._lock:
            self.epoch += 1

    def now(self, reader_id: int | None) -> Count:
        """What they say to the reader."""
        with self._lock:
            return Count(self.writes, self.epoch, self._marks.get(reader_id or 0, 0))


in_process = Counters()


def note_write(reader_id: int | None) -> None:
    """After the commit of a write by the reader: their next read shows it."""
    in_process.count_write(reader_id)
    _count(WRITES, *([] if reader_id is None else [mark_key(reader_id)]))


def begin_epoch() -> None:
    """After the commit of something that changes who may see what: forget every answer."""
    in_process.begin_epoch()
    _count(EPOCH)


def _count(counter: str, *marks: str) -> None:
    """Move a shared counter on, and leave its new number under `marks`, in one step."""
    server, number = redis_cache(), None
    if server is not None:
        number = server.script(COUNT, [counter, *marks], [_beginning(), MARK_SECONDS])
    else:
        with suppress(ValueError):  # a full cache has thrown it out again
            cache.add(counter, _beginning(), None)
            number = cache.incr(counter)
            cache.set_many(dict.fromkeys(marks, number), MARK_SECONDS)
    if number is None:
        # A server that cannot write may be able to delete. Without the counter nobody trusts
        # what is kept.
        cache.delete(counter)


def _beginning() -> int:
    return time.time_ns() // 1000


def mark_key(reader_id: int) -> str:
    return f"stats:writer:{reader_id}"


# -- what they say ----------------------------------------------------------------------


def names_for(reader_id: int | None) -> list[str]:
    """The keys of the cache that `read` wants to see."""
    return [WRITES, EPOCH, *([mark_key(reader_id)] if reader_id else [])]


def read(found: Mapping[str, Any], reader_id: int | None) -> Moment:
    """What the counters say to the reader, from what was found under `names_for`."""
    here = in_process.now(reader_id)
    writes, epoch = (_present(name, found.get(name)) for name in (WRITES, EPOCH))
    if writes is None or epoch is None:
        return Moment(here)
    mark = found.get(mark_key(reader_id), 0) if reader_id else 0
    return Moment(here, Count(writes, epoch, mark))


def _present(counter: str, value: int | None) -> int | None:
    """What a shared counter says, begun anew when it was lost; None without a cache server."""
    if value is None:
        cache.add(counter, _beginning(), None)
        value = cache.get(counter)
    return value
