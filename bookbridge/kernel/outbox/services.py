"""Putting jobs into the outbox, taking them out, trying again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.nudging import nudge
from bookbridge.kernel.outbox.querysets import OutboxQuerySet
from bookbridge.kernel.sealing import seal

#: So long it is remembered that a job was done, and what could not be done.
DONE_KEPT_FOR = timedelta(days=7)
PARKED_KEPT_FOR = timedelta(days=90)
#: A job that has been due for so long tells that nobody works.
LATE_AFTER = timedelta(seconds=60)


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    reader_id: int | None = None,
    group: str = "",
    not_before: datetime | None = None,
    label: str = "",
) -> OutboxJob:
    """Note a job in the transaction under way; a worker does it after the commit.

    Arguments:
        kind: which handler does it, a key of `settings.OUTBOX_HANDLERS`.
        payload: what the handler needs, as plain JSON; it is kept sealed, since it may hold
            addresses and secret links, and emptied when the job is done.
        reader_id: whom it concerns; their jobs go when they leave.
        group: jobs of one group are done in the order in which they were put in.
        not_before: the earliest moment, at once by default.
        label: what staff sees of it, such as the name of a text; nothing personal.

    Raises:
        RuntimeError: there is no transaction under way.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a job is put into the outbox in the transaction of what it belongs to")
    due_at = not_before or timezone.now()
    job = OutboxJob.objects.create(
        kind=kind,
        label=label,
        sealed_payload=seal(json.dumps(payload)),
        reader_id=reader_id,
        group=group,
        not_before=due_at,
        due_at=due_at,
    )
    # It sets an event of this process and nothing else: no request ever waits for a worker.
    transaction.on_commit(nudge, robust=True)
    return job


def forget(reader_id: int) -> int:
    """Remove every job that concerns a reader, in the transaction under way; gives how many."""
    return OutboxJob.objects.filter(reader_id=reader_id).delete()[0]


def try_again(job: OutboxJob) -> None:
    """Let a parked job be tried from the beginning.

    Raises:
        DomainError: 409 `not_parked`; `payload_gone`, it belonged to no account and nothing of it
            was kept.
    """
    if not job.sealed_payload:
        raise DomainError(_("Nothing was kept of it that could be sent."), "payload_gone")
    with transaction.atomic():
        now = timezone.now()
        again = OutboxJob.objects.parked().filter(pk=job.pk).exclude(sealed_payload="")
        if not again.update(
            parked_at=None, failures=0, not_before=now, due_at=now, claimed_until=None
        ):
            raise DomainError(_("This is not parked."), "not_parked")
        transaction.on_commit(nudge, robust=True)


def close_all() -> int:
    """Take everything that waits or is parked for done, in the transaction under way.

    For a database that was restored: what waited at the moment of the backup was done since.
    """
    left = OutboxJob.objects.filter(done_at__isnull=True)
    return left.update(
        done_at=timezone.now(),
        parked_at=None,
        claimed_until=None,
        sealed_payload="",
        reader=None,
        group="",
    )


def late(now: datetime | None = None) -> OutboxQuerySet:
    """Jobs that nobody does although they are due."""
    moment = (now or timezone.now()) - LATE_AFTER
    return OutboxJob.objects.due(moment).next_in_group(moment)


def past() -> OutboxQuerySet:
    """Jobs that have had their time: done a week ago, or parked for three months."""
    now = timezone.now()
    done = OutboxJob.objects.filter(done_at__lte=now - DONE_KEPT_FOR)
    return done | OutboxJob.objects.filter(parked_at__lte=now - PARKED_KEPT_FOR)


def purge_past(at_most: int) -> int:
    """Remove up to `at_most` of them; gives how many."""
    with transaction.atomic():
        keys = list(past().order_by("pk").values_list("pk", flat=True)[:at_most])
        return OutboxJob.objects.filter(pk__in=keys).delete()[0]
