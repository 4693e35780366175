"""What must be true of the outbox: a job is in one state, and holds no more than that needs."""

from __future__ import annotations

from django.db.models import F, Q

from bookbridge.invariants.checks import query_check
from bookbridge.kernel.models import OutboxJob

CHECKS = [
    query_check(
        "outbox_done_is_empty",
        "of a job that was done nothing remains: no payload, no reader, no claim",
        lambda: OutboxJob.objects.filter(done_at__isnull=False).exclude(
            sealed_payload="", reader__isnull=True, group="", claimed_until__isnull=True
        ),
        "kind",
    ),
    query_check(
        "outbox_waiting_is_whole",
        "a job that waits has something to do, and is not given up and done at once",
        lambda: OutboxJob.objects.filter(
            Q(done_at__isnull=True, parked_at__isnull=True, sealed_payload="")
            | Q(done_at__isnull=False, parked_at__isnull=False)
        ),
        "kind",
    ),
    query_check(
        "outbox_parked_has_its_reason",
        "a parked job says why, and nobody is at it",
        lambda: OutboxJob.objects.parked().filter(
            Q(last_error="") | Q(claimed_until__isnull=False)
        ),
        "kind",
    ),
    query_check(
        "outbox_claims_are_counted",
        "whoever is at a job was counted, and no job is due before it may be done",
        lambda: OutboxJob.objects.filter(
            Q(claimed_until__isnull=False, attempts=0)
            | Q(failures__gt=F("attempts"))
            | Q(due_at__lt=F("not_before"))
        ),
        "attempts",
        "failures",
    ),
]
