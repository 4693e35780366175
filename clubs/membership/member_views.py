"""Who belongs to a club: joining, leaving, members, requests, bans."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request

from accounts.models import User
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery, ListQuery
from bookbridge.kernel.responses import Answer
from clubs.membership import services
from clubs.membership.models import Membership, Role, State
from clubs.membership.scoping import ClubScopedViewSet
from clubs.membership.serializers import BanInput, MemberListQuery, RoleInput
from clubs.membership.shapes import ban_shape, membership_shape, request_shape

MEMBER_ORDERINGS: Orderings = {
    "joined_at": ("joined_at", "id"),
    "-joined_at": ("-joined_at", "-id"),
}
REQUEST_ORDERINGS: Orderings = {"updated_at": ("updated_at", "id")}
BAN_ORDERINGS: Orderings = {"-updated_at": ("-updated_at", "-id")}


class MembershipViewSet(ClubScopedViewSet):
    """One's own way in and out."""

    tag = "membership"
    card_operations = frozenset({"join", "leave"})
    operations = {
        "join": Operation(
            "Join a club, or ask to",
            verified=True,
            answer=membership_shape,
            status=201,
            conflicts=(
                "already_member",
                "already_requested",
                "invitation_required",
                "club_full",
                "club_archived",
            ),
            description=(
                "`active` at once in an open club and for who was invited; otherwise "
                "`requested`. Who was removed may only ask."
            ),
        ),
        "leave": Operation(
            "Leave a club",
            forbidden=("not_a_member",),
            conflicts=("owner_must_stay",),
            description=(
                "Who has only asked or been invited takes that back. The last member archives "
                "the club by leaving."
            ),
        ),
    }

    def join(self, request: Request, slug: str) -> Answer:
        """Join."""
        standing = services.join_club(club=self.club, by=self.viewer)
        row = membership_shape.row_of(standing)
        return self.at_hand(row, membership_shape, location=place_of(standing))

    def leave(self, request: Request, slug: str) -> Answer:
        """Leave."""
        services.leave_club(club=self.club, by=self.viewer)
        return self.answer()


class StandingViewSet(ClubScopedViewSet):
    """Base of views on readers who stand in one state towards the club."""

    state: str
    tag = "membership"

    def standings(self) -> QuerySet[Membership]:
        """Rows of the club in that state."""
        shown = {"state": self.state, "reader__leaves_at": None}
        return Membership.objects.filter(club_id=self.club.pk, **shown)

    def standing(self, username: str) -> Membership:
        """The row of the reader named in the path, or 404."""
        found = self.standings().filter(reader__username=username.lower())
        standing = found.select_related("reader").first()
        if standing is None:
            raise Missing()
        return standing


class MemberViewSet(StandingViewSet):
    """The members of a club."""

    state = State.ACTIVE
    operations = {
        "list": Operation(
            "List members",
            answer=membership_shape,
            paged=True,
            query=MemberListQuery,
            public=True,
            description="By the day they joined.",
        ),
        "retrieve": Operation(
            "Show a member", answer=membership_shape, query=ItemQuery, public=True
        ),
        "partial_update": Operation(
            "Change a member's role",
            answer=membership_shape,
            body=RoleInput,
            role=Role.OWNER,
            if_match=True,
            conflicts=("club_archived", "owner_role_fixed"),
            example={"role": "moderator"},
        ),
        "destroy": Operation(
            "Remove a member",
            role=Role.MODERATOR,
            if_match=True,
            conflicts=("club_archived", "owner_must_stay"),
            description="Moderators remove members, the owner moderators too.",
        ),
    }

    def list(self, request: Request, slug: str) -> Answer:
        """Members of today."""
        query, members = self.query(), self.standings()
        if "role" in query:
            members = members.filter(role=query["role"])
        if "search" in query:
            members = members.filter(reader__in=User.objects.matching(query["search"]))
        return self.page(members, membership_shape, MEMBER_ORDERINGS)

    def retrieve(self, request: Request, slug: str, username: str) -> Answer:
        """One member."""
        found = self.standings().filter(reader__username=username.lower())
        return self.one(found, membership_shape)

    def partial_update(self, request: Request, slug: str, username: str) -> Answer:
        """Change the role."""
        reader = self.standing(username).reader
        changes = self.body()
        standing = services.change_role(
            club=self.club,
            reader=reader,
            by=self.viewer,
            expected=self.expected(),
            role=changes.get("role"),
        )
        return self.one(Membership.objects.filter(pk=standing.pk), membership_shape)

    def destroy(self, request: Request, slug: str, username: str) -> Answer:
        """Remove."""
        reader = self.standing(username).reader
        services.remove_member(
            club=self.club, reader=reader, by=self.viewer, expected=self.expected()
        )
        return self.answer()


class RequestViewSet(StandingViewSet):
    """Readers who ask to join."""

    state = State.REQUESTED
    operations = {
        "list": Operation(
            "List requests to join",
            answer=request_shape,
            paged=True,
            query=ListQuery,
            role=Role.MODERATOR,
            description="The longest waiting first.",
        ),
        "approve": Operation(
            "Approve a request",
            answer=membership_shape,
            role=Role.MODERATOR,
            conflicts=("club_archived", "club_full"),
        ),
        "decline": Operation(
            "Decline a request",
            answer=membership_shape,
            role=Role.MODERATOR,
            conflicts=("club_archived",),
            description="The reader may ask again; a ban prevents that.",
        ),
    }

    def list(self, request: Request, slug: str) -> Answer:
        """Who waits."""
        return self.page(self.standings(), request_shape, REQUEST_ORDERINGS)

    def approve(self, request: Request, slug: str, username: str) -> Answer:
        """Let them in."""
        return self._settle(services.approve_request, username)

    def decline(self, request: Request, slug: str, username: str) -> Answer:
        """Turn them down."""
        return self._settle(services.decline_request, username)

    def _settle(self, service: Any, username: str) -> Answer:
        reader = self.standing(username).reader
        standing = service(club=self.club, reader=reader, by=self.viewer)
        return self.one(Membership.objects.filter(pk=standing.pk), membership_shape)


class BanViewSet(StandingViewSet):
    """Readers for whom the club does not exist."""

    state = State.BANNED
    operations = {
        "list": Operation(
            "List bans",
            answer=ban_shape,
            paged=True,
            query=ListQuery,
            role=Role.MODERATOR,
            description="The newest first.",
        ),
        "ban": Operation(
            "Ban a reader",
            answer=ban_shape,
            body=BanInput,
            role=Role.MODERATOR,
            if_match=True,
            conflicts=("club_archived", "owner_must_stay"),
            description=(
                "Member or not. Their seat, their request and invitations to and by them are "
                "gone, and the club does not exist for them any more."
            ),
            example={"reason": "Shouting."},
        ),
        "destroy": Operation(
            "Lift a ban",
            role=Role.MODERATOR,
            if_match=True,
            conflicts=("club_archived",),
            description="The reader may ask to join again.",
        ),
    }

    def list(self, request: Request, slug: str) -> Answer:
        """Who is banned."""
        return self.page(self.standings(), ban_shape, BAN_ORDERINGS)

    def ban(self, request: Request, slug: str, username: str) -> Answer:
        """Ban."""
        reader = reader_named(username)
        reason = self.body().get("reason", "")
        standing = services.ban_reader(
            club=self.club, reader=reader, by=self.viewer, reason=reason, expected=self.expected()
        )
        return self.one(Membership.objects.filter(pk=standing.pk), ban_shape)

    def destroy(self, request: Request, slug: str, username: str) -> Answer:
        """Lift the ban."""
        reader = self.standing(username).reader
        services.lift_ban(club=self.club, reader=reader, by=self.viewer, expected=self.expected())
        return self.answer()


def reader_named(username: str) -> User:
    """The reader of this name, member or not; 404 for who never was or has left."""
    reader = User.objects.shown().filter(username=username.lower()).first()
    if reader is None:
        raise Missing()
    return reader


def place_of(standing: Membership) -> str:
    """Where a new standing can be read: on the list of members, or on the club's card."""
    slug = standing.club.slug
    if standing.state != State.ACTIVE:
        return reverse("club", args=[slug])
    return reverse("club-member", args=[slug, standing.reader.username])
