"""What personal tokens know of a reader: names, scopes and dates, never the token."""

from __future__ import annotations

from typing import Any

from accounts.models import PersonalToken, User
from bookbridge.kernel.shapes import moment

PERSONAL = {
    "accounts.PersonalToken": [
        "reader",
        "name",
        "digest",
        "beginning",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_address_prefix",
        "revoked_at",
        "revoked_reason",
    ],
}


def export_tokens(reader: User) -> list[dict[str, Any]]:
    """Every token there is a row of, without anything that opens a door."""
    return [
        {
            "name": token.name,
            "scopes": token.scopes.split(),
            "created_at": moment(token.created_at),
            "expires_at": moment(token.expires_at),
            "last_used_at": moment(token.last_used_at),
            "last_used_address_prefix": token.last_used_address_prefix,
            "revoked_at": moment(token.revoked_at),
        }
        for token in PersonalToken.objects.filter(reader=reader).order_by("pk")
    ]


def erase_tokens(reader: User) -> None:
    """Remove every token."""
    PersonalToken.objects.filter(reader=reader).delete()
