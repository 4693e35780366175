"""Putting jobs into the outbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import seal


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    reader_id: int | None = None,
    group: str = "",
    not_before: datetime | None = None,
) -> OutboxJob:
    """Note a job in the transaction under way; a worker does it after the commit.

    Arguments:
        kind: which handler does it, a key of `settings.OUTBOX_HANDLERS`.
        payload: what the handler needs, as plain JSON; it is kept sealed, since it may hold
            addresses and secret links.
        reader_id: whom it concerns; their jobs go when they leave.
        group: jobs of one group are done in the order in which they were put in.
        not_before: the earliest moment, at once by default.

    Raises:
        RuntimeError: there is no transaction under way.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a job is put into the outbox in the transaction of what it belongs to")
    return OutboxJob.objects.create(
        kind=kind,
        sealed_payload=seal(json.dumps(payload)),
        reader_id=reader_id,
        group=group,
        due_at=not_before or timezone.now(),
    )


def forget(reader_id: int) -> int:
    """Remove every job that concerns a reader, in the transaction under way; gives how many."""
    return OutboxJob.objects.filter(reader_id=reader_id).delete()[0]
