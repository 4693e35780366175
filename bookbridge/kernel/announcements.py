"""How lower apps let higher ones know that something changed, without importing them.

Only the statistics listen: they drop the cached figures that depend on what changed. A receiver
is called as `receiver(sender=None, signal=..., kind=..., by_id=..., **ids)`.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

changed = Signal()


def announce(kind: str, *, by_id: int | None, **ids: Any) -> None:
    """Send `changed` once the transaction under way has committed, at once if there is none.

    `kind` names the event (`"review_published"`), `by_id` is the reader who did it and `ids`
    are the things it touches (`book_id=42`). A receiver that fails is logged and harms neither
    the request nor the other receivers.
    """

    # A named function: Django's log line for a robust hook that failed reads `__qualname__`,
    # which functools.partial does not have.
    def send_announcement() -> None:
        changed.send_robust(sender=None, kind=kind, by_id=by_id, **ids)

    transaction.on_commit(send_announcement, robust=True)
