"""How fast the machine is at a moment, beside what it was when the most was found.

Hosts of virtual machines give them more of a processor in one second than in the next, and say
nothing of it. What a request costs the server is a clock that shows it. A server that is not at
full load falls asleep and wakes up between requests, so that each costs it a little more; by how
much, the first half second after each full load tells.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

#: So long is looked back, and at first.
WINDOW_SECONDS, FIRST_SECONDS = 0.25, 0.5
#: What waking costs is the median of so many.
REMEMBERED = 15
LEAST, MOST = 0.2, 2.0


class Speed:
    """The speed now, from the processor time of the server for each answer.

    Arguments:
        busy: the processor seconds that the server has used since it began.
        own: the same of ourselves.
        clock: seconds since some moment.
    """

    def __init__(
        self,
        busy: Callable[[], float],
        own: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._busy, self._own, self._clock = busy, own, clock
        self._full = self._factor = 1.0
        self._waking: deque[float] = deque(maxlen=REMEMBERED)
        self._spent = self._spent_ourselves = 0.0
        self._look(0)

    def full_load_begins(self) -> None:
        """Remember where the clock of the server stands."""
        self._look(0)

    def full_load_ended(self, answers: int) -> None:
        """What an answer costs at this speed is what later ones are compared with."""
        self._full = (self._busy() - self._last[1]) / max(1, answers)
        self._factor = 1.0
        self._look(0)

    def factor(self, answers: int) -> float:
        """Times as fast as at full load; `answers` have come since then."""
        at, busy, own, before = self._last
        window = WINDOW_SECONDS if before else FIRST_SECONDS
        if self._clock() - at < window or answers <= before:
            return self._factor
        self._look(answers)
        spent = self._last[1] - busy
        self._spent += spent
        self._spent_ourselves += self._last[2] - own
        cost = spent / (answers - before)
        if not before:
            self._waking.append(cost / self._full)
        expected = self._full * statistics.median(self._waking)
        self._factor = min(MOST, max(LEAST, expected / cost)) if cost > 0 else MOST
        return self._factor

    def cost(self) -> float:
        """What answers cost the server since the last time, where 1 is what they cost us.

        A slower machine is slower for both, so this tells whether requests became dearer.
        """
        found = self._spent / self._spent_ourselves if self._spent_ourselves else 0.0
        self._spent = self._spent_ourselves = 0.0
        return round(found, 3)

    def _look(self, answers: int) -> None:
        self._last = self._clock(), self._busy(), self._own(), answers
