"""Views below one club: who may know of it, who may read it, whose role allows the act."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated

from bookbridge.kernel.compiled import Question
from bookbridge.kernel.errors import Missing, NotAllowed
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.membership.models import RANK, Club, State, Visibility

#: Columns that no view below a club reads from `self.club`; its card shows the first two.
LONG_TEXTS = ("description", "description_html", "search_text")


def club_card(*, slug: Any, viewer: Any) -> QuerySet[Club]:
    """The club of a slug with all that its card shows, as far as `viewer` may know of it."""
    known = Club.objects.visible_to(viewer).with_standing_of(viewer)
    return known.filter(slug=slug).defer("search_text")


def club_in_short(*, slug: Any, viewer: Any) -> QuerySet[Club]:
    """The same without its long texts."""
    return club_card(slug=slug, viewer=viewer).defer(*LONG_TEXTS)


class ClubScopedViewSet(KernelViewSet):
    """Base of views below `clubs/{slug}/`; `self.club` carries `my_state` and `my_role`.

    `operation.role` is the least club role for the act; None asks only that the viewer may
    read the club's content. Operations named in `card_operations` need no more than that the
    club may be known (joining, the card itself, accepting).
    """

    card_operations: ClassVar[frozenset[str]] = frozenset()
    club: Any
    viewer: Any

    def locate(self) -> None:
        """Find the club, or answer as for a slug that never was."""
        asked = club_card if self.action in self.card_operations else club_in_short
        club = Question(asked, slug=self.kwargs["slug"], viewer=self.viewer).first()
        if club is None:
            raise Missing()
        self.club = club

    def admit(self) -> None:
        """Refuse strangers in private clubs and roles that do not suffice."""
        if self.action in self.card_operations:
            return
        may_read = self.club.visibility == Visibility.PUBLIC or self.club.my_state == State.ACTIVE
        if not may_read:
            if self.viewer is None:
                raise NotAuthenticated()
            raise NotAllowed(_("Only members of this club may do this."), "not_a_member")
        role = self.operation.role
        if role is None:
            return
        if self.club.my_role is None:
            raise NotAllowed(_("Only members of this club may do this."), "not_a_member")
        if RANK[self.club.my_role] < RANK[role]:
            raise NotAllowed(_("Your role in this club does not allow this."), "role_too_low")
