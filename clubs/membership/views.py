"""Clubs themselves: list, found, read, edit, archive, delete."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.membership import services
from clubs.membership.models import Club, Role
from clubs.membership.scoping import ClubScopedViewSet
from clubs.membership.serializers import ClubInput, ClubListQuery, NewClubInput
from clubs.membership.shapes import club_shape

ORDERINGS: Orderings = {
    "-created_at": ("-created_at", "-id"),
    "-members_count": ("-members_count", "-id"),
    "name": ("name", "id"),
}
COLUMN_FILTERS = ("visibility", "language", "join_policy")


class ClubsViewSet(KernelViewSet):
    """All clubs that the viewer may know of."""

    viewer: Any
    tag = "clubs"
    operations = {
        "list": Operation(
            "List clubs",
            answer=club_shape,
            paged=True,
            query=ClubListQuery,
            public=True,
            description=(
                "Newest first; with `search` and no `ordering` by relevance. Hidden clubs are "
                "listed for their members and for who is invited."
            ),
        ),
        "create": Operation(
            "Found a club",
            verified=True,
            answer=club_shape,
            status=201,
            body=NewClubInput,
            description="The founder becomes its owner and first member.",
            example={
                "name": "Clube da Leitura",
                "description": "One Brazilian novel a month.",
                "visibility": "public",
                "join_policy": "open",
            },
        ),
    }

    def list(self, request: Request) -> Response:
        """Clubs, filtered."""
        query = self.query()
        clubs = Club.objects.visible_to(self.viewer).with_standing_of(self.viewer)
        clubs = clubs.filter(**{name: query[name] for name in COLUMN_FILTERS if name in query})
        if "archived" in query:
            clubs = clubs.filter(archived_at__isnull=not query["archived"])
        if "member" in query:
            if self.viewer is None:
                raise NotAuthenticated()
            clubs = clubs.filter(my_state="active")
        if "search" not in query:
            return self.page(clubs, club_shape, ORDERINGS)
        clubs = clubs.matching(query["search"])
        if "ordering" in query:
            return self.page(clubs, club_shape, ORDERINGS)
        return self.ranked(clubs.by_relevance(query["search"]), club_shape)

    def create(self, request: Request) -> Response:
        """Found one."""
        club = services.found_club(by=self.viewer, **self.body())
        return self.one(
            Club.objects.filter(pk=club.pk).with_standing_of(self.viewer),
            club_shape,
            location=reverse("club", args=[club.slug]),
        )


class ClubViewSet(ClubScopedViewSet):
    """One club."""

    tag = "clubs"
    card_operations = frozenset({"retrieve"})
    operations = {
        "retrieve": Operation(
            "Show a club's card", answer=club_shape, query=ItemQuery, public=True
        ),
        "partial_update": Operation(
            "Edit a club",
            answer=club_shape,
            body=ClubInput,
            role=Role.OWNER,
            if_match=True,
            conflicts=(
                "club_archived",
                "confirmation_required",
                "hidden_by_moderators",
                "hidden_is_by_invitation",
            ),
            description=(
                "A club that becomes hidden is by invitation from then on. A lower "
                "`max_members` removes nobody."
            ),
            example={"description": "Two novels a month.", "max_members": 30},
        ),
        "destroy": Operation(
            "Delete a club",
            role=Role.OWNER,
            if_match=True,
            description="For good, with its list. Its slug is never given out again.",
        ),
        "archive": Operation(
            "Archive a club",
            answer=club_shape,
            role=Role.OWNER,
            conflicts=("club_archived",),
            description="It stays readable; nothing in it changes until its owner restores it.",
        ),
        "restore": Operation(
            "Restore an archived club",
            answer=club_shape,
            role=Role.OWNER,
            conflicts=("not_archived",),
        ),
    }

    def retrieve(self, request: Request, slug: str) -> Response:
        """Show the card."""
        return self.one(self._club(), club_shape)

    def partial_update(self, request: Request, slug: str) -> Response:
        """Edit."""
        changes = self.body()
        services.edit_club(
            club=self.club,
            by=self.viewer,
            confirm_visibility=changes.pop("confirm_visibility", False),
            changes=changes,
            expected=self.expected(),
        )
        return self.one(self._club(), club_shape)

    def destroy(self, request: Request, slug: str) -> Response:
        """Delete."""
        services.delete_club(club=self.club, by=self.viewer, expected=self.expected())
        return self.answer()

    def archive(self, request: Request, slug: str) -> Response:
        """Archive."""
        services.archive_club(club=self.club, by=self.viewer)
        return self.one(self._club(), club_shape)

    def restore(self, request: Request, slug: str) -> Response:
        """Restore."""
        services.restore_club(club=self.club, by=self.viewer)
        return self.one(self._club(), club_shape)

    def _club(self) -> QuerySet[Club]:
        return Club.objects.filter(pk=self.club.pk).with_standing_of(self.viewer)
