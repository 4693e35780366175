"""Representations of clubs, memberships and invitations."""

from __future__ import annotations

from typing import Any

from bookbridge.kernel.shapes import Json, Row, Shape
from clubs.membership.models import State
from clubs.membership.serializers import (
    BanSerializer,
    ClubOfReaderSerializer,
    ClubSerializer,
    InvitationSerializer,
    JoinRequestSerializer,
    MembershipSerializer,
    ReceivedInvitationSerializer,
)

SUMMARY = ("slug", "name", "visibility", "language", "members_count", "archived_at")


def person_columns(prefix: str) -> tuple[str, ...]:
    """The columns that `person` needs of the reader behind a foreign key."""
    names = ("username", "display_name", "erased_at", "leaves_at", "imported_at")
    return tuple(f"{prefix}__{name}" for name in names)


def person(row: Row, prefix: str) -> Json | None:
    """The reader behind a foreign key; null for nobody, for who has left or is about to."""
    gone = row[f"{prefix}__erased_at"] or row[f"{prefix}__leaves_at"]
    if row[f"{prefix}__username"] is None or gone is not None:
        return None
    return {
        "username": row[f"{prefix}__username"],
        "display_name": row[f"{prefix}__display_name"],
        "imported": row[f"{prefix}__imported_at"] is not None,
    }


def summary(row: Row) -> Json:
    """The club behind a foreign key, in short."""
    return {name: row[f"club__{name}"] for name in SUMMARY}


class ClubShape(Shape):
    """The card of a club; needs `with_standing_of(viewer)`."""

    serializer = ClubSerializer
    columns = (
        "slug",
        "name",
        "description",
        "description_html",
        "visibility",
        "join_policy",
        "language",
        "time_zone",
        "max_members",
        "members_count",
        "my_role",
        "my_state",
        "archived_at",
        "created_at",
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The card as it stands."""
        return {name: row[name] for name in self.columns}


class MembershipShape(Shape):
    """Where a reader stands towards a club."""

    serializer = MembershipSerializer
    columns = ("club__slug", "state", "role", "joined_at", *person_columns("reader"))

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """A role and a day of joining are those of a member of today."""
        active = row["state"] == State.ACTIVE
        return {
            "club": row["club__slug"],
            "reader": person(row, "reader"),
            "state": row["state"],
            "role": row["role"] if active else None,
            "joined_at": row["joined_at"] if active else None,
        }


class RequestShape(Shape):
    """A reader who asks to join."""

    serializer = JoinRequestSerializer
    columns = ("updated_at", *person_columns("reader"))

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """Who asks, and since when."""
        return {"reader": person(row, "reader"), "requested_at": row["updated_at"]}


class BanShape(Shape):
    """A ban, for staff."""

    serializer = BanSerializer
    columns = (
        "reason",
        "updated_at",
        *person_columns("reader"),
        *person_columns("changed_by"),
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """Who is banned, by whom, since when and why."""
        return {
            "reader": person(row, "reader"),
            "reason": row["reason"],
            "banned_by": person(row, "changed_by"),
            "banned_at": row["updated_at"],
        }


class InvitationShape(Shape):
    """An invitation, for staff."""

    serializer = InvitationSerializer
    version = None
    columns = (
        "id",
        "max_uses",
        "uses",
        "created_at",
        "expires_at",
        *person_columns("reader"),
        *person_columns("created_by"),
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """All but the secret."""
        return {
            "id": row["id"],
            "reader": person(row, "reader"),
            "max_uses": row["max_uses"],
            "uses": row["uses"],
            "created_by": person(row, "created_by"),
            "created_at": row["created_at"],
            "expires_at": row["expires_at"],
        }


class ReceivedInvitationShape(Shape):
    """An invitation, for whom it is addressed to."""

    serializer = ReceivedInvitationSerializer
    version = None
    columns = (
        "id",
        "created_at",
        *person_columns("created_by"),
        *(f"club__{name}" for name in SUMMARY),
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """To which club, and by whom."""
        return {
            "id": row["id"],
            "club": summary(row),
            "invited_by": person(row, "created_by"),
            "created_at": row["created_at"],
        }


class ClubOfReaderShape(Shape):
    """A club on a reader's profile."""

    serializer = ClubOfReaderSerializer
    columns = ("role", "joined_at", *(f"club__{name}" for name in SUMMARY))

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """Which club, as what, since when."""
        return {
            "club": summary(row),
            "role": row["role"],
            "joined_at": row["joined_at"],
        }


club_shape = ClubShape()
membership_shape = MembershipShape()
request_shape = RequestShape()
ban_shape = BanShape()
invitation_shape = InvitationShape()
received_invitation_shape = ReceivedInvitationShape()
club_of_reader_shape = ClubOfReaderShape()
