"""Invitations to a club, the links that lead into it, and the clubs of a reader."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request

from accounts.models import User
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery, ListQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.shapes import moment, narrow
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.membership import services
from clubs.membership.member_views import place_of, reader_named
from clubs.membership.models import Club, Invitation, Membership, Role
from clubs.membership.scoping import ClubScopedViewSet
from clubs.membership.serializers import (
    InvitationCardSerializer,
    InvitationInput,
    NewInvitationSerializer,
    ReaderClubsQuery,
)
from clubs.membership.shapes import (
    club_of_reader_shape,
    club_shape,
    invitation_shape,
    membership_shape,
    received_invitation_shape,
)

NEWEST: Orderings = {"-id": ("-id",)}
LATEST_JOINED: Orderings = {"-joined_at": ("-joined_at", "-id")}


class InvitationViewSet(ClubScopedViewSet):
    """Open invitations of a club, for staff."""

    tag = "membership"
    operations = {
        "list": Operation(
            "List open invitations",
            answer=invitation_shape,
            paged=True,
            query=ListQuery,
            role=Role.MODERATOR,
            description="Of links the secret is not shown again.",
        ),
        "create": Operation(
            "Invite a reader, or make a link",
            verified=True,
            answer=NewInvitationSerializer,
            status=201,
            body=InvitationInput,
            role=Role.MODERATOR,
            secret_fields=("token", "url"),
            conflicts=(
                "club_archived",
                "already_member",
                "already_invited",
                "reader_banned",
                "club_full",
            ),
            description=(
                "With `username` the invitation is addressed to that reader (an approval, if "
                "they asked to join); otherwise it is a link, whose `token` and `url` are shown "
                "this once."
            ),
            example={"max_uses": 10, "expires_in_days": 7},
        ),
        "destroy": Operation(
            "Revoke an invitation",
            role=Role.MODERATOR,
            conflicts=("club_archived",),
        ),
    }

    def list(self, request: Request, slug: str) -> Answer:
        """What is open."""
        invitations = Invitation.objects.open().filter(club_id=self.club.pk)
        return self.page(invitations, invitation_shape, NEWEST)

    def create(self, request: Request, slug: str) -> Answer:
        """Invite."""
        data, token = self.body(), None
        if "username" in data:
            reader = reader_named(data["username"])
            invitation = services.invite_reader(club=self.club, reader=reader, by=self.viewer)
        else:
            invitation, token = services.create_link(club=self.club, by=self.viewer, **data)
        shown = Invitation.objects.filter(pk=invitation.pk)
        answer, version = invitation_shape.one(shown, self.viewer)
        answer["token"], answer["url"] = token, None
        if token is not None:
            answer["url"] = request.build_absolute_uri(reverse("invitation", args=[token]))
        place = reverse("club-invitation", args=[self.club.slug, invitation.pk])
        return self.answer(answer, version=version, location=place)

    def destroy(self, request: Request, slug: str, id: int) -> Answer:
        """Revoke."""
        services.revoke_invitation(club=self.club, invitation_id=id, by=self.viewer)
        return self.answer()


class InvitationLinkViewSet(KernelViewSet):
    """What the holder of a link can do with it. Every token that is no good is alike: 404."""

    viewer: Any
    tag = "membership"
    no_store = True
    operations = {
        "look": Operation(
            "Look where an invitation leads",
            answer=InvitationCardSerializer,
            query=ItemQuery,
            public=True,
            missing=True,
        ),
        "accept": Operation(
            "Accept an invitation",
            verified=True,
            answer=membership_shape,
            status=201,
            missing=True,
            conflicts=(
                "already_member",
                "already_requested",
                "invitation_required",
                "club_full",
                "club_archived",
            ),
            description=(
                "Who was removed from the club can only ask with it (`requested`), where the "
                "club takes requests."
            ),
        ),
    }

    def look(self, request: Request, token: str) -> Answer:
        """The card of the club."""
        invitation = services.find_link(token, viewer=self.viewer)
        clubs = Club.objects.filter(pk=invitation.club_id).with_standing_of(self.viewer)
        card, _version = club_shape.one(clubs, self.viewer)
        data = {"club": card, "expires_at": moment(invitation.expires_at)}
        return self.answer(narrow(data, self.query().get("fields"), InvitationCardSerializer))

    def accept(self, request: Request, token: str) -> Answer:
        """Come in."""
        standing = services.accept_link(token=token, by=self.viewer)
        return self.one(
            Membership.objects.filter(pk=standing.pk), membership_shape, location=place_of(standing)
        )


class ReceivedInvitationViewSet(KernelViewSet):
    """Invitations addressed to oneself."""

    viewer: Any
    tag = "membership"
    operations = {
        "list": Operation(
            "List invitations addressed to you",
            answer=received_invitation_shape,
            paged=True,
            query=ListQuery,
            description="Join the club to accept one, leave it to decline.",
        ),
    }

    def list(self, request: Request) -> Answer:
        """What is open."""
        invitations = Invitation.objects.open().filter(reader=self.viewer)
        return self.page(invitations, received_invitation_shape, NEWEST)


class ReaderClubsViewSet(KernelViewSet):
    """The clubs of a reader, as far as the viewer may know."""

    viewer: Any
    tag = "membership"
    operations = {
        "list": Operation(
            "List the clubs of a reader",
            answer=club_of_reader_shape,
            paged=True,
            query=ReaderClubsQuery,
            public=True,
            missing=True,
            description="Public ones, and those that you are a member of yourself.",
        ),
    }

    def list(self, request: Request, username: str) -> Answer:
        """Clubs on a profile."""
        reader = User.objects.named(username, self.viewer).first()
        if reader is None:
            raise Missing()
        query = self.query()
        memberships = Membership.objects.active().filter(
            reader=reader, club__in=Club.objects.readable_by(self.viewer)
        )
        if "archived" in query:
            memberships = memberships.filter(club__archived_at__isnull=not query["archived"])
        return self.page(memberships, club_of_reader_shape, LATEST_JOINED)
