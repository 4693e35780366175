"""Personal tokens for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import PersonalToken, User
from accounts.personal_tokens import form
from bookbridge.testing import ApiClient


def token_of(
    reader: User, *scopes: str, expires_at: datetime | None = None
) -> tuple[PersonalToken, str]:
    """A token with scopes (`read` if none is named); gives its row and the token."""
    secret = form.new_token()
    row = PersonalToken.objects.create(
        reader=reader,
        name="Backup",
        digest=form.digest(secret),
        beginning=secret[: form.SHOWN_LENGTH],
        scopes=" ".join(scopes or ("read",)),
        expires_at=expires_at or timezone.now() + timedelta(days=1),
    )
    return row, secret


def script(token: str) -> ApiClient:
    """A client that sends a token."""
    return ApiClient(None, Authorization=f"Bearer {token}")


def in_days(days: float) -> str:
    """A moment as a client writes it."""
    moment: Any = timezone.now() + timedelta(days=days)
    return str(moment.isoformat())
