"""One reader of every kind, each with a new password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from accounts import sessions
from accounts.models import ADMIN, MODERATOR, Session, User
from accounts.services import register, reinstate_reader, set_roles
from bookbridge.kernel.errors import DomainError

#: No mail ever reaches these addresses (RFC 2606), and no person has them.
MAIL_DOMAIN = "acceptance.example.org"
KINDS = (
    "stranger",
    "invited",
    "member",
    "club_moderator",
    "owner",
    "former_member",
    "banned",
    "site_moderator",
    "suspended",
    "admin",
)
ROLES = {"site_moderator": [MODERATOR], "admin": [ADMIN]}
NAMES_TRIED = 50


@dataclass(frozen=True)
class Actor:
    """A reader and the password that was set now."""

    reader: User
    password: str

    def as_json(self) -> dict[str, Any]:
        """What a client needs to be this reader."""
        return {
            "id": self.reader.pk,
            "uid": str(self.reader.uid),
            "username": self.reader.username,
            "email": self.reader.email,
            "password": self.password,
            "roles": self.reader.site_roles(),
        }


def ready_reader(kind: str) -> Actor:
    """The reader of a kind: known by address, with a new password, and not suspended."""
    password = secrets.token_urlsafe(18)
    reader = User.objects.visible().filter(email=address_of(kind)).first()
    if reader is None:
        reader = _register(kind, password)
    else:
        reader.set_password(password)
        reader.save(update_fields=["password", "updated_at"])
        for session in Session.objects.filter(reader=reader, revoked_at__isnull=True):
            sessions.revoke(session=session, reason="password_changed")
        if reader.suspended_at is not None:
            reinstate_reader(reader=reader, by=None, reason="Acceptance.")
    roles = ROLES.get(kind, [])
    if reader.site_roles() != roles:
        set_roles(reader=reader, roles=roles)
    return Actor(reader, password)


def address_of(kind: str) -> str:
    """The e-mail address by which a reader of this world is known again."""
    return f"{kind.replace('_', '-')}@{MAIL_DOMAIN}"


def _register(kind: str, password: str) -> User:
    """Register under the first name that is free: one who left does not give theirs back."""
    name = f"acc-{kind.replace('_', '-')}"
    for number in range(1, NAMES_TRIED):
        try:
            return register(
                username=name if number == 1 else f"{name}-{number}",
                vouched=True,
                email=address_of(kind),
                password=password,
                display_name=kind.replace("_", " ").title(),
            )
        except DomainError as refusal:
            if refusal.code != "username_taken":
                raise
    raise DomainError(f"No username like {name} is free.", "username_taken")
