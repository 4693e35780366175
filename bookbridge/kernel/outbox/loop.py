"""A thread that does one thing whenever it is nudged, and now and then without being nudged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connections

from bookbridge.kernel.outbox import nudging

#: After a turn that failed, the next one begins so many seconds later.
PAUSE_AFTER_FAILURE = 5.0

logger = logging.getLogger("bookbridge.outbox")


class Loop:
    """One thread, with a database connection of its own.

    Arguments:
        turn: does something and gives how many seconds to rest unless nudged; it should end early
            when `stopping()`.
    """

    def __init__(self, name: str, turn: Callable[[Loop], float | None]) -> None:
        self.name = name
        self._turn = turn
        self._wake = threading.Event()
        self._stopping = threading.Event()
        #: Whether the turn under way was asked for; false when its time had come.
        self.nudged = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with a turn at once."""
        nudging.listen(self._wake)
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 20.0) -> bool:
        """Let the turn under way end and wait for it; whether it did within `seconds`."""
        self._stopping.set()
        self._wake.set()
        nudging.forget(self._wake)
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Turn after turn until it is told to end; in the calling thread."""
        nudging.listen(self._wake)
        while not self.stopping():
            self.nudged = self._wake.is_set()
            self._wake.clear()
            close_old_connections()
            try:
                rest = self._turn(self)
            except Exception:
                logger.exception("%s: a turn failed.", self.name)
                connections.close_all()
                # A nudge is no reason to try sooner what just failed.
                self._stopping.wait(PAUSE_AFTER_FAILURE)
                continue
            self._wake.wait(rest)
        connections.close_all()

    def end(self) -> None:
        """Tell it to end without waiting; may be called by a signal handler."""
        self._stopping.set()
        self._wake.set()
