"""Writing down what happens to accounts, and forgetting where it came from."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.security.models import TRACED_FOR, EventKind, SecurityEvent, SecurityTrace
from bookbridge.kernel.addresses import address_prefix
from bookbridge.kernel.limits import Limit, take
from bookbridge.kernel.text import printable

logger = logging.getLogger("bookbridge.security")

KINDS = frozenset(EventKind.values)
#: What happens all day; everything else is a warning in the log.
ORDINARY = frozenset(
    {EventKind.REGISTERED, EventKind.SIGNED_IN, EventKind.SIGNED_OUT, EventKind.EMAIL_VERIFIED}
)
#: What `details` may say: keys, numbers, words of the program. Nothing that a person typed.
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
#: Failures that are recorded for one account, and for accounts that there are not, all together.
FAILURES_OF_ACCOUNT = Limit("recorded-failures", 20, 3600)
FAILURES_OF_NOBODY = Limit("recorded-failures-of-nobody", 100, 3600)


class Where(TypedDict):
    """Where an event came from, to be passed on to `record_event`."""

    address: str
    user_agent: str


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
        kind: one of `EventKind` (`"sign_in_failed"`).
        reader_id: whose account it is about; None when there is no such account.
        by_id: who did it, when that was somebody else.
        address, user_agent: where it came from; of the address only the network is kept.
        details: keys, numbers and words of the program, never what a person typed: the record
            is final and outlives the account.

    Raises:
        ValueError: there is no such kind, or a detail could be words of a person.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no security event {kind!r}")
    for name, value in details.items():
        if not _is_harmless(value):
            raise ValueError(f"the detail {name!r} of a security event must be keys or words")
    with transaction.atomic():
        event = SecurityEvent.objects.create(
            kind=str(kind), reader_id=reader_id, by_id=by_id, details=details
        )
        if address or user_agent:
            SecurityTrace.objects.create(
                event=event,
                address_prefix=address_prefix(address) if address else "",
                user_agent=printable(user_agent)[:200],
            )
    _log(kind, reader_id=reader_id, by_id=by_id, **details)
    return event


def record_failure(
    kind: str, *, reader_id: int | None, address: str = "", user_agent: str = "", **details: Any
) -> None:
    """Write down that a secret was wrong; a flood of failures does not fill the table.

    Recorded are 20 an hour for one account and 100 an hour for accounts that there are not;
    beyond that a failure is counted, and has its line in the log. To be called outside a
    transaction. What a limit refused unseen is no failure and comes here not at all.
    """
    limit = FAILURES_OF_NOBODY if reader_id is None else FAILURES_OF_ACCOUNT
    if take(limit, f"{kind}:{reader_id}").allowed:
        record_event(kind, reader_id=reader_id, address=address, user_agent=user_agent, **details)
    else:
        _log(kind, reader_id=reader_id, by_id=None, recorded=False, **details)


def traces_to_forget(now: datetime | None = None) -> QuerySet[SecurityTrace]:
    """Addresses and devices that were kept for 90 days."""
    return SecurityTrace.objects.filter(created_at__lte=(now or timezone.now()) - TRACED_FOR)


def forget_traces(now: datetime | None = None, *, at_once: int = 1_000) -> int:
    """Delete addresses and devices kept for 90 days, in batches; gives how many."""
    old, forgotten = traces_to_forget(now), 0
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:at_once]):
        forgotten += SecurityTrace.objects.filter(pk__in=keys).delete()[0]
    return forgotten


def forget_traces_of(reader_id: int) -> None:
    """Delete addresses and devices of somebody who leaves; the events stay, with keys alone."""
    own = Q(event__reader=reader_id) | Q(event__by=reader_id)
    SecurityTrace.objects.filter(own).delete()


def _is_harmless(value: Any) -> bool:
    if value is None or isinstance(value, bool | int):
        return True
    if isinstance(value, list | tuple):
        return all(map(_is_harmless, value))
    return isinstance(value, str) and (not value or _WORD.fullmatch(value) is not None)


def _log(kind: str, **who: Any) -> None:
    line = {"logger": logger.name, "message": str(kind), **who}
    level = logging.INFO if kind in ORDINARY else logging.WARNING
    logger.log(level, str(kind), extra={"fields": line})
