"""What runs beside the requests in each process of the server: one thread.

Without a broker it is the worker itself. With one it only tells the worker, another process, that
there is something to do. Requests nudge it and never wait for it; see kernel/outbox/nudging.py.
"""

from __future__ import annotations

import atexit
import os

from django.conf import settings
from django.utils.module_loading import import_string

from bookbridge.kernel.outbox.loop import Loop

#: Imported when they are needed, which is when the models are there.
WORK, RELAY = "bookbridge.kernel.outbox.working.work", "bookbridge.relaying.relay"

_running: Loop | None = None


def start() -> None:
    """Begin, once in a process, and after it was forked: threads do not survive a fork."""
    global _running
    if _running is not None:
        return
    turn = import_string(RELAY if settings.BROKER_URL else WORK)
    _running = Loop("outbox", turn)
    _running.start()


def stop() -> None:
    """Let the job under way end; what is due stays where it is, for the next process."""
    global _running
    if _running is not None:
        _running.stop()
        _running = None


def _again_after_fork() -> None:
    global _running
    if _running is not None:
        _running = None
        start()


atexit.register(stop)
os.register_at_fork(after_in_child=_again_after_fork)
