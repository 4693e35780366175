"""The only listener in BookBridge: marks kept figures as outdated when something changed."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from bookbridge.kernel.announcements import changed
from stats import counters

#: The kind of announcement that changes who may see what.
VISIBILITY = "visibility"


@receiver(changed, dispatch_uid="stats.mark_outdated")
def mark_outdated(kind: str, by_id: int | None, **ids: Any) -> None:
    """Let the writer's own next read be right; drop everything when visibility changed."""
    if kind == VISIBILITY:
        counters.begin_epoch()
    counters.note_write(by_id)
