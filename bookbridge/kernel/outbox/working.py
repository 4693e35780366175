"""Doing what is due: claim a job, do it outside of any transaction, note how it went.

Any number of workers may do this at once. A claim is one row in one short transaction; it lasts
`OUTBOX_LEASE_SECONDS`, after which the worker is taken for dead and another one takes over. So
each job is done at least once, and more than once only if a worker died, or hung for longer than
its claim, between doing the job and noting it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.handlers import Away, Hopeless, handle
from bookbridge.kernel.outbox.loop import Loop
from bookbridge.kernel.outbox.querysets import OutboxQuerySet
from bookbridge.kernel.redaction import redact

#: Failures that are the job's own: so many, then it is parked.
ATTEMPTS = 8
#: Seconds until the second attempt; doubled for each further one.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 3600.0
#: What a job needs is away: another of its kind looks again after at most so many seconds.
LONGEST_PAUSE_AWAY = 40.0
ERROR_LENGTH = 200

logger = logging.getLogger("bookbridge.outbox")


def drain(*, seconds: float | None = None, stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what is due, one job after the other, and give how many were tried.

    Arguments:
        seconds: begin no further job after so many.
        stopping: asked before each job; true ends it.
    """
    until = None if seconds is None else time.monotonic() + seconds
    tried = 0
    while not stopping() and (until is None or time.monotonic() < until):
        job = claim()
        if job is None:
            break
        do(job)
        tried += 1
    return tried


def work(loop: Loop) -> float:
    """One turn of a worker that looks for itself: do what is due, rest until more is."""
    drain(stopping=loop.stopping)
    return seconds_until_next(settings.OUTBOX_POLL_SECONDS)


def claim() -> OutboxJob | None:
    """The next job that is due, held for this worker alone; None when there is none."""
    now = timezone.now()
    until = now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    due = OutboxJob.objects.due(now).next_in_group(now).in_turn()
    if connection.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            job = due.select_for_update(skip_locked=True, of=("self",)).first()
            return job if job is not None and _take(job, until, now) else None
    # Who writes first has it; whoever comes second looks for another one.
    while (job := due.first()) is not None:
        if _take(job, until, now):
            return job
    return None


def _take(job: OutboxJob, until: datetime, now: datetime) -> bool:
    same = OutboxJob.objects.due(now).filter(pk=job.pk, attempts=job.attempts)
    job.attempts += 1
    if job.claimed_until is not None:
        job.failures += 1  # whoever had it before did not live to tell
    job.claimed_until = until
    return bool(same.update(claimed_until=until, attempts=job.attempts, failures=job.failures))


def do(job: OutboxJob) -> None:
    """Do a claimed job and note the outcome; nothing it raises gets any further."""
    begun = time.monotonic()
    try:
        if job.failures >= ATTEMPTS:
            raise Hopeless("the workers that did it died")
        handle(job)
    except Away as error:
        outcome = _pause(job, error)
    except Hopeless as error:
        outcome = _park(job, error)
    except Exception as error:
        outcome = _try_again_later(job, error)
    else:
        outcome = _finish(job)
    _log(job, outcome, time.monotonic() - begun)


def _finish(job: OutboxJob) -> str:
    values: dict[str, Any] = {"done_at": timezone.now(), "sealed_payload": "", "last_error": ""}
    # Whom it was for is nobody's business any more.
    values |= {"reader": None, "group": ""}
    return "done" if _mine(job).update(claimed_until=None, **values) else "taken_over"


def _try_again_later(job: OutboxJob, error: Exception) -> str:
    job.failures += 1
    if job.failures >= ATTEMPTS:
        return _park(job, error)
    pause = min(FIRST_PAUSE * 2 ** (job.failures - 1), LONGEST_PAUSE)
    return _postpone(job, error, _some(pause))


def _pause(job: OutboxJob, error: Exception) -> str:
    """Nobody's fault: this one is tried again soon, and the others of its kind wait with it.

    So a server that is away is asked by one job now and then, each time by another one: a job
    that only looks as if the server were away holds nobody up. None waits for longer than
    `OUTBOX_PATIENCE_HOURS`.
    """
    patience = timedelta(hours=settings.OUTBOX_PATIENCE_HOURS)
    if job.not_before <= timezone.now() - patience:
        return _park(job, error)
    pause = _some(min(FIRST_PAUSE * 2 ** min(job.attempts - 1, 10), LONGEST_PAUSE_AWAY))
    outcome = _postpone(job, error, pause * 1.25)
    now = timezone.now()
    others = OutboxJob.objects.due(now).filter(kind=job.kind)
    others.update(due_at=now + timedelta(seconds=pause), last_error=_words(error))
    return outcome


def _postpone(job: OutboxJob, error: Exception, pause: float) -> str:
    due_at = timezone.now() + timedelta(seconds=pause)
    kept = _mine(job).update(
        claimed_until=None, due_at=due_at, failures=job.failures, last_error=_words(error)
    )
    return "postponed" if kept else "taken_over"


def _park(job: OutboxJob, error: Exception) -> str:
    """Given up. What belongs to no account is not kept: nobody could ask for it to be removed."""
    values: dict[str, Any] = {"parked_at": timezone.now(), "failures": job.failures}
    if job.reader_id is None:
        values["sealed_payload"] = ""
    kept = _mine(job).update(claimed_until=None, last_error=_words(error), **values)
    return "parked" if kept else "taken_over"


def _mine(job: OutboxJob) -> OutboxQuerySet:
    """The job, unless another worker took it over or it is gone."""
    return OutboxJob.objects.waiting().filter(pk=job.pk, attempts=job.attempts)


def _some(pause: float) -> float:
    """About `pause` seconds, so that what failed together is not tried together."""
    return pause * random.uniform(0.75, 1.25)  # noqa: S311


def _words(error: Exception) -> str:
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return redact(" ".join(said.split()))[:ERROR_LENGTH]


def _log(job: OutboxJob, outcome: str, seconds: float) -> None:
    level = {"done": logging.INFO, "postponed": logging.WARNING}.get(outcome, logging.ERROR)
    extra = {
        "job": job.pk,
        "kind": job.kind,
        "label": job.label,
        "attempt": job.attempts,
        "duration_ms": round(seconds * 1000),
    }
    logger.log(level, "A job of the outbox: %s.", outcome, extra=extra)


def seconds_until_next(longest: float) -> float:
    """How long nothing is due, `longest` at most; some moments at least."""
    now = timezone.now()
    coming = OutboxJob.objects.waiting().filter(claimed_until__isnull=True, due_at__gt=now)
    due_at = coming.order_by("due_at").values_list("due_at", flat=True).first()
    if due_at is None:
        return longest
    return min(longest, max(0.05, (due_at - now).total_seconds()))
