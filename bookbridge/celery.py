"""The worker as a process of its own, where there is a broker (Redis).

    python -m celery -A bookbridge.celery worker

Messages only say that something is due (see relaying.py). A thread of the worker
looks for itself every few seconds, so that nothing waits for a message that was lost or for a
broker that is away.
"""

from __future__ import annotations

import logging.config
from typing import Any

import django
from celery import Celery, signals
from django.apps import apps
from django.conf import settings

from bookbridge import environment

environment.load()
if not apps.ready:
    django.setup()

from bookbridge.kernel.outbox.loop import Loop
from bookbridge.kernel.outbox.working import drain, work

#: One message is worked on for so long; what is left is for the next one, or for the thread.
SECONDS = 60.0

app = Celery("bookbridge", set_as_current=True)
app.conf.update(
    broker_url=settings.BROKER_URL or "memory://",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=1,
    broker_transport_options={
        "socket_connect_timeout": 1,
        "socket_timeout": 1,
        "retry_on_timeout": False,
        "max_retries": 1,
        # Longer than a message is ever worked on: until then it is not given to another worker.
        "visibility_timeout": 3600,
        "global_keyprefix": "bookbridge-jobs:",
    },
    task_default_queue="outbox",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    worker_pool="threads",
    worker_concurrency=settings.WORKER_CONCURRENCY,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
)


@app.task(name="outbox.drain")
def drain_outbox() -> int:
    """Do what is due, and give how much it was."""
    return drain(seconds=SECONDS, stopping=_looking.stopping)


_looking = Loop("outbox", work)


@signals.setup_logging.connect
def use_own_logging(**kwargs: Any) -> None:
    """Lines like those of the server."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect
def begin_looking(**kwargs: Any) -> None:
    """Before the broker answers, and whether or not it does."""
    _looking.start()


@signals.worker_shutting_down.connect
def begin_no_more(**kwargs: Any) -> None:
    """Told to stop: what is under way goes on to its end."""
    _looking.end()


@signals.worker_shutdown.connect
def wait_for_the_last(**kwargs: Any) -> None:
    """Stopped."""
    _looking.stop()
