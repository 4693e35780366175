"""Writing the moderation record, in the transaction of what it records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.moderation.models import KEPT_FOR, KeptText, ModerationRecord

if TYPE_CHECKING:
    from accounts.models import User


def keep_record(
    *,
    by: User | None,
    verb: str,
    target: tuple[str, int],
    reader_id: int | None = None,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> ModerationRecord:
    """Add an act of site staff to the moderation record.

    Arguments:
        by: who did it; None for a command of the operators.
        target: kind and key of what it was done to.
        reader_id: whom it concerns.
        before, after: what changed; readers by key, and no words of theirs.
    """
    kind, key = target
    return ModerationRecord.objects.create(
        actor=by,
        verb=verb,
        target_kind=kind,
        target_id=key,
        reader_id=reader_id,
        reason=reason,
        before=dict(before or {}),
        after=dict(after or {}),
    )


def keep_text(
    *,
    content: Mapping[str, Any],
    reader_id: int | None,
    record: ModerationRecord | None = None,
) -> KeptText:
    """Keep words of a reader as they are now, for 90 days; the caller holds the reader's row."""
    return KeptText.objects.create(content=dict(content), reader_id=reader_id, record=record)


def kept_texts(now: datetime | None = None) -> QuerySet[KeptText]:
    """The texts that are still to be known."""
    return KeptText.objects.filter(created_at__gt=(now or timezone.now()) - KEPT_FOR)


def texts_to_forget(now: datetime | None = None) -> QuerySet[KeptText]:
    """The texts that were kept for 90 days."""
    return KeptText.objects.filter(created_at__lte=(now or timezone.now()) - KEPT_FOR)


def forget_kept_texts(now: datetime | None = None) -> int:
    """Delete texts kept for 90 days; gives how many. Safe to repeat."""
    return texts_to_forget(now).delete()[1].get("accounts.KeptText", 0)
