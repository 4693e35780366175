"""Views below one club: who may know of it, who may read it, whose role allows the act."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated

from bookbridge.kernel.errors import Missing, NotAllowed
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.membership.models import RANK, Club, State, Visibility

#: Columns that no view below a club reads from `self.club`.
LONG_TEXTS = ("description", "description_html", "search_text")


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
        slug = self.kwargs["slug"]
        clubs = Club.objects.visible_to(self.viewer).with_standing_of(self.viewer)
        club = clubs.filter(slug=slug).defer(*LONG_TEXTS).first()
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
