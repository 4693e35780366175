"""How statistics are kept: fresh for whoever wrote, at most five seconds old for others.

Each answer is kept with the numbers that two counters had *before* it was computed. Every write
moves the first counter and leaves its new number as the mark of the writer, so that a writer
never gets an answer from before their own write. Whatever changes who may see something moves
the second one, the epoch: an answer of an earlier epoch is given to nobody.

When an answer grows old, one request computes it anew and the others get the previous one;
when there is none that may be given, one computes and the others wait, in this process for its
result, in other processes for what it keeps. Only public figures and those of a club, which its
view guards on every request, are kept here; never who may see them.

What is kept has a stamp, a small key of its own. Each request asks the cache for the counters and
the stamp; the answer itself comes from there only when this process has none with that stamp, and
is judged by what is kept with it, never by the stamp.

Without a cache server nothing is kept and the numbers are right. The counters then live in the
process, and requests that come while a computation is under way share its result.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache

from bookbridge.kernel.rendering import Encoded
from bookbridge.kernel.replicas import reading
from bookbridge.kernel.shapes import Json, moment
from stats import counters
from stats.counters import UNKNOWN, Count, Moment

Compute = Callable[[], Json]

#: From this part of the greatest age on, one request computes the answer anew.
REFRESH_FROM = 0.8
#: A computation that takes longer is not waited for.
WAIT_SECONDS = 3.0
POLL_SECONDS = 0.01
#: After this time another process takes over from one that died while computing.
LOCK_SECONDS = 5
#: Answers that a process has at hand, the last one of each name.
AT_HAND = 200


@dataclass(frozen=True)
class Entry:
    """A kept answer: from when it is, and what the counters said before it was computed."""

    stamp: int
    at: float
    since: Count
    answer: Encoded


_at_hand: dict[str, Entry] = {}
_at_hand_lock = threading.Lock()


@dataclass
class Flight:
    """A computation under way in this process, and what came of it."""

    since: Moment
    done: threading.Event = field(default_factory=threading.Event)
    answer: Encoded | None = None
    error: BaseException | None = None


_flights: dict[str, Flight] = {}
_flights_lock = threading.Lock()


# -- what readers get -------------------------------------------------------------------


def answer(name: str, compute: Compute, *, reader_id: int | None) -> Encoded:
    """The figures called `name`, for the reader (None: a visitor without account).

    They are shared with others who ask: nobody may change them. `compute` gives them anew, as
    plain JSON; `generated_at` is added here. What it raises, a 404 above all, goes to everybody
    who waits for it, and is not kept.
    """
    key = f"stats:2:{name}"
    now, entry = _look(key, reader_id)
    if entry is None:
        return _shared_flight(key, compute, now, reader_id)
    age = time.time() - entry.at
    if age < settings.STATS_MAX_AGE_SECONDS * REFRESH_FROM or not _take(key):
        return entry.answer
    return _refresh(key, compute, now, entry)


def _look(key: str, reader_id: int | None) -> tuple[Moment, Entry | None]:
    """What the counters say, and the kept answer if it may be given; mostly one question."""
    found = cache.get_many([_stamp_key(key), *counters.names_for(reader_id)])
    now = counters.read(found, reader_id)
    stamp = found.get(_stamp_key(key))
    entry = None if stamp is None or now.shared is None else _entry(key, stamp)
    if entry is None or not _may_be_given(entry, now):
        return now, None
    return now, entry


def _entry(key: str, stamp: int) -> Entry | None:
    """What is kept under `key`: what is at hand if it has this stamp, else from the cache."""
    entry = _at_hand.get(key)
    return entry if entry is not None and entry.stamp == stamp else _fetch(key)


def _fetch(key: str) -> Entry | None:
    """What is kept in the cache, with its own stamp, which may be a later one than was seen."""
    kept = cache.get(key)
    if kept is None:
        return None
    since = Count(kept["writes"], kept["epoch"])
    return _put_at_hand(key, Entry(kept["stamp"], kept["at"], since, Encoded(kept["payload"])))


def _put_at_hand(key: str, entry: Entry) -> Entry:
    with _at_hand_lock:
        if len(_at_hand) >= AT_HAND and key not in _at_hand:
            oldest = min(_at_hand, key=lambda name: _at_hand[name].at)
            del _at_hand[oldest]
        _at_hand[key] = entry
    return entry


def _may_be_given(entry: Entry, now: Moment) -> bool:
    """Whether a kept answer is young enough, and includes what the reader must see."""
    age = time.time() - entry.at
    return (
        now.shared is not None
        and 0 <= age < settings.STATS_MAX_AGE_SECONDS
        and now.allows(_since(entry))
    )


def _since(entry: Entry) -> Moment:
    """What the counters said before a kept answer was computed."""
    return Moment(UNKNOWN, entry.since)


# -- one computation for all who wait ---------------------------------------------------


def _shared_flight(key: str, compute: Compute, now: Moment, reader_id: int | None) -> Encoded:
    """Wait for the computation under way if its result will do, else compute."""
    with _flights_lock:
        flight = _flights.get(key)
        joined = flight is not None and now.allows(flight.since)
        if flight is None or not joined:
            flight = _flights[key] = Flight(now)
    if not joined:
        return _lead(key, compute, flight, reader_id)
    if flight.done.wait(WAIT_SECONDS):
        if flight.error is not None:
            raise flight.error
        if flight.answer is not None and now.allows(flight.since):
            return flight.answer
    return Encoded(compute_now(compute))


def _lead(key: str, compute: Compute, flight: Flight, reader_id: int | None) -> Encoded:
    """Compute for everybody, unless another process is about to have the answer."""
    try:
        taken, free = False, 0
        deadline = time.monotonic() + WAIT_SECONDS
        while flight.since.shared is not None:
            taken = _take(key)
            # Also with the lock: the one who had it before may just have kept an answer.
            _now, entry = _look(key, reader_id)
            if entry is not None:
                if taken:
                    _release(key)
                flight.since, flight.answer = _since(entry), entry.answer
                return flight.answer
            # A lock that is free and cannot be taken twice: the cache server does not write.
            free = free + 1 if cache.get(_lock_key(key)) is None else 0
            if taken or free > 1 or time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        return _fly(key, compute, flight, taken=taken)
    except BaseException as error:
        flight.error = error
        raise
    finally:
        _land(key, flight)


def _refresh(key: str, compute: Compute, now: Moment, entry: Entry) -> Encoded:
    """With the lock: compute an answer that grows old anew, unless somebody just did."""
    kept = _fetch(key)
    if kept is not None and kept.at > entry.at:
        _release(key)
        return entry.answer
    return _fly(key, compute, Flight(now), taken=True)


def _fly(key: str, compute: Compute, flight: Flight, *, taken: bool) -> Encoded:
    """Compute, keep the result, and give the lock back if it was `taken`."""
    started, at = time.monotonic(), time.time()
    try:
        flight.answer = Encoded(compute_now(compute, at))
        _keep(key, flight.answer, flight.since.shared, at)
        return flight.answer
    finally:
        if taken and time.monotonic() - started < LOCK_SECONDS:
            _release(key)


def _land(key: str, flight: Flight) -> None:
    """Let those who wait have the result; later requests begin a new flight."""
    with _flights_lock:
        if _flights.get(key) is flight:
            del _flights[key]
    flight.done.set()


def compute_now(compute: Compute, at: float | None = None) -> Json:
    """The figures, computed, with the moment from which on they hold."""
    generated_at = datetime.fromtimestamp(at or time.time(), UTC)
    # After the counters were read: a replica that answers has the writes that they count.
    return {**reading(compute), "generated_at": moment(generated_at)}


def _keep(key: str, answer: Encoded, since: Count | None, at: float) -> None:
    """Keep an answer for as long as it may be given, unless a later one is there already."""
    seconds = settings.STATS_MAX_AGE_SECONDS - (time.time() - at)
    if since is None or seconds <= 0:
        return
    kept = _fetch(key)
    if kept is not None and kept.since.epoch == since.epoch and kept.since.writes > since.writes:
        return
    entry = Entry(secrets.randbits(62), at, since, answer)
    content = {"payload": answer.data, "writes": since.writes, "epoch": since.epoch, "at": at}
    # The stamp comes last: who sees it finds the answer, or a later one.
    cache.set(key, content | {"stamp": entry.stamp}, seconds)
    cache.set(_stamp_key(key), entry.stamp, seconds)
    _put_at_hand(key, entry)


def _take(key: str) -> bool:
    """Whether the caller is the one, of all processes, who computes the answer."""
    return bool(cache.add(_lock_key(key), 1, LOCK_SECONDS))


def _release(key: str) -> None:
    cache.delete(_lock_key(key))


def _lock_key(key: str) -> str:
    return f"{key}:lock"


def _stamp_key(key: str) -> str:
    return f"{key}:stamp"
