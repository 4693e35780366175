"""Cutting connections to the database on which an answer is overdue.

PostgreSQL ends a statement that takes too long, and the network a connection to a machine that is
gone. Neither helps against a server that lives and does nothing (frozen, starved, stuck on its
disk): its client would wait for ever. One thread of the process cuts such connections; whoever
waits gets an OperationalError.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

LOOK_SECONDS = 0.25


class Watch:
    """Connections that must be done by a moment, and the thread that looks at them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[int, tuple[float, socket.socket]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def at_most(self, seconds: float, wrapper: Any) -> Iterator[None]:
        """Cut the open connection of `wrapper` (Django's) when the block takes longer."""
        protocol = getattr(wrapper.connection, "pgconn", None)
        if protocol is None or wrapper.connection.closed:
            yield
            return
        # A number of our own for the same socket: the other one may be closed and given anew.
        with socket.socket(fileno=os.dup(protocol.socket)) as same:
            number = next(self._numbers)
            with self._lock:
                self._due[number] = (time.monotonic() + seconds, same)
                self._begin()
            try:
                yield
            finally:
                with self._lock:
                    self._due.pop(number, None)

    def _begin(self) -> None:
        """Have a thread that looks; none survives a fork."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look, name="overdue", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:
                overdue = [number for number, (due, _socket) in self._due.items() if due < now]
                for number in overdue:
                    _due, connected = self._due.pop(number)
                    with suppress(OSError):
                        connected.shutdown(socket.SHUT_RDWR)


watch = Watch()
