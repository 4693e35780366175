"""What membership knows of a reader: how it is taken out, and what is left when they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, Q, When
from django.utils import timezone

from bookbridge.kernel.shapes import Json, moment
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.standing import count_members, move, set_archived

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {
    "Membership": ["reader", "state", "role", "joined_at", "removed_at", "changed_by", "reason"],
    "Invitation": ["reader", "created_by"],
}


def known_clubs(reader: User) -> dict[int, Json]:
    """Clubs that the reader may know of, by key: an export shows no more than the API does."""
    clubs = Club.objects.visible_to(reader).filter(memberships__reader=reader)
    names = clubs.values_list("pk", "slug", "name")
    return {pk: {"slug": slug, "name": name} for pk, slug, name in names}


def export(reader: User) -> dict[str, Any]:
    """Memberships in any state, and invitations to and by the reader; no secret.

    `club` is null where the club is not (any more) for the reader to know of.
    """
    clubs = known_clubs(reader)
    rows = Membership.objects.filter(reader=reader).order_by("pk")
    invitations = Invitation.objects.filter(Q(reader=reader) | Q(created_by=reader))
    return {
        "memberships": [
            {
                "club": clubs.get(row.club_id),
                "state": row.state,
                "role": row.role if row.state == State.ACTIVE else None,
                "joined_at": moment(row.joined_at),
                "removed_at": moment(row.removed_at),
                "changed_at": moment(row.updated_at),
            }
            for row in rows
        ],
        "invitations": [
            {
                "club": clubs.get(row.club_id),
                "kind": _kind(row, reader),
                "uses": row.uses,
                "max_uses": row.max_uses,
                "created_at": moment(row.created_at),
                "expires_at": moment(row.expires_at),
                "revoked_at": moment(row.revoked_at),
            }
            for row in invitations.order_by("pk")
        ],
    }


def _kind(invitation: Invitation, reader: User) -> str:
    if invitation.reader_id == reader.pk:
        return "received"
    return "link" if invitation.reader_id is None else "sent"


def erase(reader: User) -> None:
    """Hand on the clubs that the reader owns, then leave them all.

    The caller holds the transaction. Memberships stay as `left`, so that the club's structure
    keeps its shape; requests and invitations are gone.
    """
    ids = Membership.objects.filter(reader=reader).values_list("club_id", flat=True)
    locked = Club.objects.select_for_update(no_key=True).filter(pk__in=list(ids)).order_by("pk")
    for club in locked:
        _leave(club, reader)
    Invitation.objects.filter(reader=reader).delete()
    links = Invitation.objects.filter(created_by=reader, reader=None)
    links.open().update(revoked_at=timezone.now())
    Invitation.objects.filter(created_by=reader).update(created_by=None)
    Membership.objects.filter(changed_by=reader).update(changed_by=None)


def _leave(club: Club, reader: User) -> None:
    rows = Membership.objects.select_for_update(no_key=True).filter(club=club)
    standing = rows.get(reader=reader)
    was_active, was_owner = standing.state == State.ACTIVE, standing.role == Role.OWNER
    standing.joined_at = standing.removed_at = None
    move(standing, State.LEFT, by=None)
    if not was_active:
        return
    count_members(club, -1)
    if was_owner:
        _hand_on(club)
    if club.members_count == 0 and club.archived_at is None:
        set_archived(club, by=None, at=timezone.now())


def _hand_on(club: Club) -> None:
    """Make the longest-serving moderator, else the longest-serving member, the owner."""
    seniority = Case(When(role=Role.MODERATOR, then=0), default=1)
    members = Membership.objects.select_for_update(no_key=True).filter(club=club).active()
    heir = members.order_by(seniority, "joined_at", "pk").first()
    if heir is not None:
        move(heir, State.ACTIVE, by=None, role=Role.OWNER)
