"""Which clubs, memberships and invitations a reader may know of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from bookbridge.kernel.patterns import Like
from bookbridge.kernel.text import words
from clubs.membership.searching import is_found

if TYPE_CHECKING:
    from accounts.models import User


def word_patterns(search: str) -> tuple[str, ...]:
    """Patterns of the words of `search` as beginnings, for a text with a space before it."""
    return tuple(f"% {word}%" for word in words(search))


class Spaced(Func):
    """A text with a space before it, word for word as in its index."""

    template = "(' ' || %(expressions)s)"
    arity = 1
    output_field = models.TextField()


class ClubQuerySet(models.QuerySet[Any]):
    """Clubs by who asks. `visible_to` and `readable_by` are the one home of visibility."""

    def _standing(self, reader: User) -> models.QuerySet[Any]:
        """The membership row of `reader` in the club of the outer query."""
        membership = self.model._meta.get_field("memberships").related_model
        return membership.objects.filter(reader=reader, club=OuterRef("pk"))

    def visible_to(self, viewer: User | None) -> ClubQuerySet:
        """Clubs whose card `viewer` may see (None: a visitor without account).

        Public and private clubs for everybody but who is banned there; hidden ones for
        active members and those invited.
        """
        if viewer is None:
            return self.exclude(visibility="hidden")
        own = self._standing(viewer)
        return self.filter(
            Q(~Q(visibility="hidden") & ~Exists(own.filter(state="banned")))
            | Exists(own.filter(state__in=("active", "invited")))
        )

    def readable_by(self, viewer: User | None) -> ClubQuerySet:
        """Clubs whose content (members, list, reviews, statistics) `viewer` may read."""
        if viewer is None:
            return self.filter(visibility="public")
        own = self._standing(viewer)
        return self.filter(
            Q(Q(visibility="public") & ~Exists(own.filter(state="banned")))
            | Exists(own.filter(state="active"))
        )

    def with_standing_of(self, viewer: User | None) -> ClubQuerySet:
        """Annotate `my_state` and `my_role` of `viewer` (null where there is none)."""
        if viewer is None:
            nothing = models.Value(None, output_field=models.CharField(null=True))
            return self.annotate(my_state=nothing, my_role=nothing)
        own = self._standing(viewer)
        return self.annotate(
            my_state=Subquery(own.values("state")[:1]),
            my_role=Subquery(own.filter(state="active").values("role")[:1]),
        )

    def matching(self, search: str) -> ClubQuerySet:
        """Clubs with words that start with those searched; without a word, none."""
        return self.with_words(word_patterns(search))

    def with_words(self, patterns: Sequence[Any]) -> ClubQuerySet:
        """The same for `word_patterns` of what is searched."""
        found = self if patterns else self.none()
        for pattern in patterns:
            value = Value(pattern) if isinstance(pattern, str) else pattern
            found = found.filter(Like(Spaced(F("search_text")), value))
        return found

    def by_relevance(self, typed: Any) -> ClubQuerySet:
        """Best match first: the names that begin with `typed`, then the larger clubs."""
        begins = Q(search_text__startswith=typed)
        rank = Case(When(begins, then=0), default=1, output_field=models.IntegerField())
        return self.annotate(relevance=rank).order_by("relevance", "-members_count", "-id")

    def best(self, patterns: Sequence[Any], typed: Any, *, upto: int | None) -> ClubQuerySet:
        """Those among which the `upto` best matches are; all matches where that is None."""
        if upto is None or not patterns or connection.vendor != "postgresql":
            return self.with_words(patterns)
        wanted = is_found(self, words=patterns, typed=typed, wanted=upto)
        found: ClubQuerySet = self.model.objects.filter(wanted)
        return found


class MembershipQuerySet(models.QuerySet[Any]):
    """Memberships by state."""

    def active(self) -> MembershipQuerySet:
        """Members of today."""
        return self.filter(state="active")


class InvitationQuerySet(models.QuerySet[Any]):
    """Invitations by whether they can still be used."""

    def open(self) -> InvitationQuerySet:
        """Neither revoked, expired nor used up."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()),
            revoked_at__isnull=True,
            uses__lt=F("max_uses"),
        )
