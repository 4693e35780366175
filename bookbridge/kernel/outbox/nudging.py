"""Telling this process that there is something to do, without waiting and without the network.

Whatever runs beside the requests (`loop.Loop`) listens. Where nothing does, in a command for
example, a nudge does nothing: workers look for themselves every few seconds.
"""

from __future__ import annotations

import threading

_listening: set[threading.Event] = set()


def nudge() -> None:
    """Wake whoever listens in this process; takes no time."""
    for event in tuple(_listening):
        event.set()


def listen(event: threading.Event) -> None:
    """From now on, nudges set `event`."""
    _listening.add(event)


def forget(event: threading.Event) -> None:
    """No longer."""
    _listening.discard(event)
