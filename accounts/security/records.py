"""Writing down what happens to accounts."""

from __future__ import annotations

import logging
from typing import Any

from accounts.security.models import SecurityEvent, SecurityTrace
from bookbridge.kernel.addresses import address_prefix
from bookbridge.kernel.text import printable

logger = logging.getLogger("bookbridge.security")


def record_event(
    kind: str,
    *,
    reader_id: int | None,
    by_id: int | None = None,
    address: str = "",
    user_agent: str = "",
    **details: Any,
) -> SecurityEvent:
    """Write an event to the record and to the log.

    Written in the transaction under way; what must survive the failure of the request (a wrong
    password) is written outside of one.

    Arguments:
        kind: its name (`"sign_in_failed"`).
        reader_id: whose account it is about; None when there is no such account.
        by_id: who did it, when that was somebody else.
        address, user_agent: where it came from; of the address only the network is kept.
        details: ids and names of kinds, never an e-mail address or a secret.
    """
    event = SecurityEvent.objects.create(
        kind=kind, reader_id=reader_id, by_id=by_id, details=details
    )
    if address or user_agent:
        SecurityTrace.objects.create(
            event=event,
            address_prefix=address_prefix(address) if address else "",
            user_agent=printable(user_agent)[:200],
        )
    who = {"reader_id": reader_id, "by_id": by_id, **details}
    logger.warning(kind, extra={"fields": {"logger": logger.name, "message": kind, **who}})
    return event
