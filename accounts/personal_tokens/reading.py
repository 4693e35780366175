"""Who shows a personal token, and whether it still counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import sessions
from accounts.models import PersonalToken, User
from accounts.personal_tokens import form
from accounts.tokens import invalid_token
from bookbridge.kernel.addresses import address_prefix
from bookbridge.kernel.scopes import MODERATE

#: The last use is written down at most so often.
NOTED_EVERY = timedelta(minutes=1)

logger = logging.getLogger("bookbridge.security")


@dataclass(frozen=True)
class PersonalAccess:
    """What a request may do that came with a personal token; `request.auth` of it."""

    reader: User
    token_id: int
    scopes: frozenset[str]


def is_personal(text: str) -> bool:
    """Whether a credential says that it is a personal token."""
    return text.startswith(form.PREFIX)


def read_personal_token(text: str, *, address: str = "") -> PersonalAccess:
    """The access that a token gives, in one query.

    Raises:
        Unauthenticated: `invalid_token`, alike for what is none, is unknown, expired, revoked,
            and for a reader who left; `account_suspended`.
    """
    if not form.is_wellformed(text):
        raise invalid_token()
    now = timezone.now()
    found = PersonalToken.objects.select_related("reader").filter(digest=form.digest(text)).first()
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        raise invalid_token()
    reader: User = found.reader
    if reader.erased_at is not None:
        raise invalid_token()
    if reader.is_suspended(now):
        raise sessions.account_suspended(reader)
    if found.last_used_at is None or found.last_used_at <= now - NOTED_EVERY:
        _note_use(found, now, address)
    scopes = frozenset(found.scopes.split())
    if MODERATE not in scopes:
        reader.site_roles_withheld = True  # type: ignore[attr-defined]
    return PersonalAccess(reader, found.pk, scopes)


def _note_use(token: PersonalToken, now: datetime, address: str) -> None:
    """Write the last use down; that it cannot be written is no reason to refuse the request."""
    not_noted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - NOTED_EVERY)
    try:
        with transaction.atomic():
            PersonalToken.objects.filter(not_noted, pk=token.pk).update(
                last_used_at=now,
                last_used_address_prefix=address_prefix(address) if address else "",
            )
    except DatabaseError as error:
        fields = {
            "logger": logger.name,
            "message": "token_use_not_noted",
            "token": token.pk,
            "reason": type(error).__name__,
        }
        logger.warning("token_use_not_noted", extra={"fields": fields})
