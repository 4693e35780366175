"""Telling the worker, through the broker, that something is due.

The message names no job and holds no data: the rows of the outbox are the truth, and the worker
looks for itself besides, so a message that is lost costs some seconds and nothing else.
"""

from __future__ import annotations

import logging

from django.utils.module_loading import import_string

from bookbridge.kernel.outbox import broker
from bookbridge.kernel.outbox.loop import Loop

#: Imported when there is something to tell: Celery takes 6 MB, and many processes never tell.
DRAIN = "bookbridge.celery.drain_outbox"
#: While the broker is away, it is tried so often.
PAUSE_AWAY = 5.0

logger = logging.getLogger("bookbridge.outbox")


def relay(loop: Loop) -> float | None:
    """One turn of the thread beside the requests: publish; try again while the broker is away."""
    if not loop.nudged and not broker.away.is_set():
        return None
    drain = import_string(DRAIN)
    try:
        drain.apply_async(retry=False)
    except (drain.OperationalError, OSError) as error:
        if not broker.away.is_set():
            logger.warning("The broker is away: %s.", type(error).__name__)
        broker.away.set()
        return PAUSE_AWAY
    if broker.away.is_set():
        logger.info("The broker is back.")
    broker.away.clear()
    return None
