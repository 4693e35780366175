"""Representations of readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.models import Group

from accounts.models import SITE_ROLES
from accounts.moderation.notices import notices_of
from accounts.serializers import (
    AccountSerializer,
    OwnProfileSerializer,
    ProfileSerializer,
    SuspensionSerializer,
)
from bookbridge.kernel.shapes import Json, Row, Shape


class AccountShape(Shape):
    """What registration answers."""

    serializer = AccountSerializer
    columns = (
        "username", "email", "email_verified_at", "pending_email", "display_name", "language",
    )  # fmt: skip

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The new account."""
        return {
            "username": row["username"],
            "email": row["email"] or row["pending_email"],
            "email_verified": row["email_verified_at"] is not None,
            "display_name": row["display_name"],
            "language": row["language"],
        }


class ProfileShape(Shape):
    """A reader as everybody may see them: nothing private."""

    serializer = ProfileSerializer
    columns: ClassVar[tuple[str, ...]] = (
        "username",
        "display_name",
        "imported_at",
        "bio",
        "created_at",
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The public profile."""
        return {
            "username": row["username"],
            "display_name": row["display_name"],
            "imported": row["imported_at"] is not None,
            "bio": row["bio"],
            "created_at": row["created_at"],
        }


@dataclass(frozen=True)
class OwnThings:
    """What a reader has several of, by the reader's key."""

    roles: dict[int, list[str]]
    notices: dict[int, list[Json]]


class OwnProfileShape(ProfileShape):
    """A reader as they see themselves."""

    serializer = OwnProfileSerializer
    columns = (
        *ProfileShape.columns,
        "pk",
        "email",
        "email_verified_at",
        "pending_email",
        "language",
        "time_zone",
        "leaves_at",
    )

    def related(self, rows: Sequence[Row], viewer: Any) -> OwnThings:
        """Site roles and notices by reader."""
        roles: dict[int, list[str]] = {}
        held = Group.objects.filter(user__in=[row["pk"] for row in rows], name__in=SITE_ROLES)
        for reader_id, name in held.order_by("name").values_list("user", "name"):
            roles.setdefault(reader_id, []).append(name)
        return OwnThings(roles, notices_of(row["pk"] for row in rows))

    def build(self, row: Row, related: OwnThings, viewer: Any) -> Json:
        """The profile with what only its owner sees."""
        return super().build(row, related, viewer) | {
            "email": row["email"],
            "email_verified": row["email_verified_at"] is not None,
            "pending_email": row["pending_email"],
            "language": row["language"],
            "time_zone": row["time_zone"],
            "roles": related.roles.get(row["pk"], []),
            "leaves_at": row["leaves_at"],
            "notices": related.notices.get(row["pk"], []),
        }


class SuspensionShape(Shape):
    """Whether a reader is shut out, as site moderators see it."""

    serializer = SuspensionSerializer
    columns = ("username", "suspended_at", "suspended_until", "suspension_reason")
    version = None

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The suspension, or nulls."""
        return {
            "username": row["username"],
            "suspended_at": row["suspended_at"],
            "suspended_until": row["suspended_until"],
            "reason": row["suspension_reason"],
        }


account_shape = AccountShape()
profile_shape = ProfileShape()
own_profile_shape = OwnProfileShape()
suspension_shape = SuspensionShape()
