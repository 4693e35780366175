"""Telling the worker, through the broker, that something is due.

The message names no job and holds no data: the rows of the outbox are the truth, and the worker
looks for itself besides, so a message that is lost costs some seconds and nothing else.
"""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from bookbridge.celery import drain_outbox
from bookbridge.kernel.outbox import broker
from bookbridge.kernel.outbox.loop import Loop

#: While the broker is away, it is tried so often.
PAUSE_AWAY = 5.0

logger = logging.getLogger("bookbridge.outbox")


def relay(loop: Loop) -> float | None:
    """One turn of the thread beside the requests: publish; try again while the broker is away."""
    if not loop.nudged and not broker.away.is_set():
        return None
    try:
        drain_outbox.apply_async(retry=False)
    except (OperationalError, OSError) as error:
        if not broker.away.is_set():
            logger.warning("The broker is away: %s.", type(error).__name__)
        broker.away.set()
        return PAUSE_AWAY
    if broker.away.is_set():
        logger.info("The broker is back.")
    broker.away.clear()
    return None
