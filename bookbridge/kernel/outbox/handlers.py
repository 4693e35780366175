"""What does the jobs: functions of the applications, by the kind of job.

`settings.OUTBOX_HANDLERS` names them by dotted path, so that the kernel imports no application.
A handler is called outside of any transaction with a `Task` and does its one thing, once; it may
be called again for the same job if its worker died after the thing was done and before that was
noted, so what leaves BookBridge carries `Task.name`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import CannotOpen, unseal


class Away(Exception):
    """What the job needs does not answer: not the job's fault, and others of its kind wait too."""


class Hopeless(Exception):
    """No further attempt would go better: the job is parked at once."""


@dataclass(frozen=True)
class Task:
    """A job as its handler sees it.

    Attributes:
        name: the same for every attempt at this job and for no other job; tells nothing else.
        attempt: the first is 1.
    """

    kind: str
    payload: dict[str, Any]
    name: str
    attempt: int


Handler = Callable[[Task], None]


def handle(job: OutboxJob) -> None:
    """Do a job.

    Raises:
        Away, Hopeless: see there. Anything else is a failure that may go better next time.
    """
    path = settings.OUTBOX_HANDLERS.get(job.kind)
    if path is None:
        raise Hopeless(f"nobody does jobs of the kind {job.kind!r}")
    try:
        payload = json.loads(unseal(job.sealed_payload))
    except CannotOpen as error:
        raise Hopeless(str(error)) from error
    handler: Handler = import_string(path)
    handler(Task(job.kind, payload, name_of(job), job.attempts))


def name_of(job: OutboxJob) -> str:
    """32 hexadecimal digits that stand for this job, and do not say how many there are."""
    known = f"outbox:{job.pk}:{job.created_at.isoformat()}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), known, hashlib.sha256).hexdigest()[:32]
