"""What membership knows of a reader: how it is taken out, and what is left when they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, Q, When
from django.utils import timezone
from rest_framework import serializers

from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, moment
from bookbridge.kernel.taking_out import each
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.standing import count_members, move, set_archived

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {
    "clubs.Membership": [
        "reader",
        "state",
        "role",
        "joined_at",
        "removed_at",
        "changed_by",
        "reason",
    ],
    "clubs.Invitation": ["reader", "created_by"],
}

_OF_THE_CLUB = "of the club, which stays when whoever wrote it leaves"
EXEMPT = {
    **{
        f"clubs.Club.{field}": _OF_THE_CLUB
        for field in (
            "name",
            "slug",
            "description",
            "description_html",
            "language",
            "time_zone",
            "search_text",
        )
    },
    "clubs.Club.shown_visibility": "a word of the program",
    "clubs.Club.shown_join_policy": "a word of the program",
    "clubs.Invitation.token_digest": "a digest of something random",
    "clubs.RetiredSlug.slug": _OF_THE_CLUB,
}


class ExportedClubSerializer(OutputSerializer):
    """A club by its name; null where it is not (any more) for the reader to know of."""

    slug = serializers.CharField()
    name = serializers.CharField()


class ExportedMembershipSerializer(OutputSerializer):
    """Where the reader stands towards a club."""

    club = ExportedClubSerializer(allow_null=True)
    state = serializers.ChoiceField(choices=State.choices)
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    reason = serializers.CharField(
        allow_null=True, help_text="What the staff of the club wrote, where you may know of it."
    )
    joined_at = serializers.DateTimeField(allow_null=True)
    removed_at = serializers.DateTimeField(allow_null=True)
    asked_or_invited_at = serializers.DateTimeField(help_text="When there was something first.")
    changed_at = serializers.DateTimeField()


class ExportedInvitationSerializer(OutputSerializer):
    """An invitation to or by the reader; no secret."""

    club = ExportedClubSerializer(allow_null=True)
    kind = serializers.ChoiceField(choices=["received", "sent", "link"])
    uses = serializers.IntegerField()
    max_uses = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class MembershipExportSerializer(OutputSerializer):
    """What membership knows of the reader."""

    memberships = ExportedMembershipSerializer(many=True)
    invitations = ExportedInvitationSerializer(many=True)


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

    def membership(row: Membership) -> Json:
        club = clubs.get(row.club_id)
        return {
            "club": club,
            "state": row.state,
            "role": row.role if row.state == State.ACTIVE else None,
            "reason": row.reason if club else None,
            "joined_at": moment(row.joined_at),
            "removed_at": moment(row.removed_at),
            "asked_or_invited_at": moment(row.created_at),
            "changed_at": moment(row.updated_at),
        }

    def invitation(row: Invitation) -> Json:
        return {
            "club": clubs.get(row.club_id),
            "kind": _kind(row, reader),
            "uses": row.uses,
            "max_uses": row.max_uses,
            "created_at": moment(row.created_at),
            "expires_at": moment(row.expires_at),
            "revoked_at": moment(row.revoked_at),
        }

    return {
        "memberships": each(rows, membership),
        "invitations": each(invitations.order_by("pk"), invitation),
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


def hand_on(reader: User) -> None:
    """Give each club that the reader owns to whoever succeeds them; they stay a member.

    A club with nobody else to own it stays theirs, and is archived when they are erased. The
    caller holds the transaction.
    """
    owned = Membership.objects.active().filter(reader=reader, role=Role.OWNER)
    ids = list(owned.values_list("club_id", flat=True))
    locked = Club.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    for club in locked:
        rows = Membership.objects.select_for_update(no_key=True, of=("self",)).filter(club=club)
        standing = rows.get(reader=reader)
        heir = _heir(club, but=reader)
        if heir is None or heir.reader.leaves_at is not None or standing.role != Role.OWNER:
            continue
        move(standing, State.ACTIVE, by=None)
        move(heir, State.ACTIVE, by=None, role=Role.OWNER)


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
    heir = _heir(club)
    if heir is not None:
        move(heir, State.ACTIVE, by=None, role=Role.OWNER)


def _heir(club: Club, but: User | None = None) -> Membership | None:
    """The longest-serving moderator, else the longest-serving member.

    Somebody about to leave comes last, so that a club has an owner as long as it has a member.
    """
    seniority = Case(When(role=Role.MODERATOR, then=0), default=1)
    leaving = Case(When(reader__leaves_at=None, then=0), default=1)
    rows = Membership.objects.select_for_update(no_key=True, of=("self",)).filter(club=club)
    members = rows.active().select_related("reader").order_by(leaving, seniority, "joined_at", "pk")
    found: Membership | None = members.exclude(reader=but).first() if but else members.first()
    return found
