"""Clubs themselves: list, found, read, edit, archive, delete."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from bookbridge.kernel.compiled import Question
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.text import words
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.membership import services
from clubs.membership.models import Club, Role
from clubs.membership.querysets import ClubQuerySet, word_patterns
from clubs.membership.scoping import ClubScopedViewSet
from clubs.membership.serializers import ClubInput, ClubListQuery, NewClubInput
from clubs.membership.shapes import club_shape

ORDERINGS: Orderings = {
    "-created_at": ("-created_at", "-id"),
    "-members_count": ("-members_count", "-id"),
    "name": ("name", "id"),
}
COLUMN_FILTERS = ("visibility", "language", "join_policy")
FILTERS = (*COLUMN_FILTERS, "archived", "member")


def clubs_asked_for(
    *,
    viewer: Any,
    archived: bool | None = None,
    member: Any = None,
    patterns: tuple[Any, ...] | None = None,
    **columns: Any,
) -> ClubQuerySet:
    """A list of clubs that `viewer` may know of, with where they stand there.

    Arguments:
        member: those alone to which `viewer` belongs.
        patterns: as `word_patterns` gives them.
    """
    clubs: ClubQuerySet = Club.objects.visible_to(viewer).with_standing_of(viewer)
    clubs = clubs.filter(**columns)
    if archived is not None:
        clubs = clubs.filter(archived_at__isnull=not archived)
    if member is not None:
        clubs = clubs.filter(my_state="active")
    return clubs if patterns is None else clubs.with_words(patterns)


def clubs_searched(
    *,
    viewer: Any,
    patterns: tuple[Any, ...],
    typed: Any,
    upto: int | None = None,
    **asked: Any,
) -> ClubQuerySet:
    """Those with words, best match first.

    Arguments:
        typed: what the names of the best matches begin with.
        upto: nobody asks for more of them.
    """
    clubs = clubs_asked_for(viewer=viewer, **asked).best(patterns, typed, upto=upto)
    return clubs.with_standing_of(viewer).by_relevance(typed)


def club_of_member(*, key: Any, viewer: Any) -> ClubQuerySet:
    """One club, with where `viewer` stands in it."""
    clubs: ClubQuerySet = Club.objects.filter(pk=key)
    return clubs.with_standing_of(viewer)


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

    def list(self, request: Request) -> Answer:
        """Clubs, filtered."""
        query = self.query()
        asked: dict[str, Any] = {name: query[name] for name in FILTERS if name in query}
        if "member" in query and self.viewer is None:
            raise NotAuthenticated()
        if "search" in query:
            asked["patterns"] = word_patterns(query["search"])
            if "ordering" not in query:
                asked["typed"] = " ".join(words(query["search"]))
                return self.ranked(
                    Question.bounded(clubs_searched, viewer=self.viewer, **asked), club_shape
                )
        return self.page(
            Question(clubs_asked_for, viewer=self.viewer, **asked), club_shape, ORDERINGS
        )

    def create(self, request: Request) -> Answer:
        """Found one."""
        club = services.found_club(by=self.viewer, **self.body())
        found = Question(club_of_member, key=club.pk, viewer=self.viewer)
        return self.one(found, club_shape, location=reverse("club", args=[club.slug]))


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

    def retrieve(self, request: Request, slug: str) -> Answer:
        """Show the card."""
        return self.at_hand(vars(self.club), club_shape)

    def partial_update(self, request: Request, slug: str) -> Answer:
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

    def destroy(self, request: Request, slug: str) -> Answer:
        """Delete."""
        services.delete_club(club=self.club, by=self.viewer, expected=self.expected())
        return self.answer()

    def archive(self, request: Request, slug: str) -> Answer:
        """Archive."""
        services.archive_club(club=self.club, by=self.viewer)
        return self.one(self._club(), club_shape)

    def restore(self, request: Request, slug: str) -> Answer:
        """Restore."""
        services.restore_club(club=self.club, by=self.viewer)
        return self.one(self._club(), club_shape)

    def _club(self) -> Question:
        return Question(club_of_member, key=self.club.pk, viewer=self.viewer)
