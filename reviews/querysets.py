"""Which reviews a reader may see, which count, and how lists of them are narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When

from clubs.models import Club, Membership

if TYPE_CHECKING:
    from accounts.models import User
    from reviews.models import Review


class ReviewQuerySet(models.QuerySet[Any]):
    """Reviews by who asks."""

    def visible_to(self, viewer: User | None) -> ReviewQuerySet:
        """Reviews `viewer` may read: public ones, those of clubs they may read, their own."""
        shown = _in_readable_club(viewer) & Q(
            hidden_at__isnull=True, author__erased_at__isnull=True
        )
        return self.filter(shown if viewer is None else shown | Q(author=viewer))

    def counted(self) -> ReviewQuerySet:
        """Reviews that count for aggregates: what a visitor without account may see."""
        return self.filter(
            Q(club__isnull=True) | Q(club__visibility="public"),
            hidden_at__isnull=True,
            author__erased_at__isnull=True,
        )

    def dated(self) -> ReviewQuerySet:
        """Reviews of which it is known when they were written, for series by time."""
        return self.filter(undated=False)

    def with_view_of(self, viewer: User | None) -> ReviewQuerySet:
        """Annotate `liked_by_me` and `club_slug`: null for a club `viewer` may not know of."""
        if viewer is None:
            return self.annotate(liked_by_me=Value(False), club_slug=F("club__slug"))
        likes = self.model._meta.get_field("likes").related_model
        own_like = likes.objects.filter(review=OuterRef("pk"), reader=viewer)
        known = Club.objects.visible_to(viewer).filter(pk=OuterRef("club"))
        return self.annotate(
            liked_by_me=Exists(own_like),
            # Other people's reviews are seen only in clubs that one may read.
            club_slug=Case(
                When(author=viewer, then=Subquery(known.values("slug")[:1])),
                default=F("club__slug"),
            ),
        )

    def narrowed(
        self,
        *,
        book: int | None = None,
        club: int | None = None,
        author: int | None = None,
        rating_min: int | None = None,
        rating_max: int | None = None,
        language: str | None = None,
    ) -> ReviewQuerySet:
        """Reviews that fit the filters of a list, by keys; ratings in half stars."""
        found = self
        if book is not None:
            found = found.filter(book__id=book)  # a key too large is the key of no book
        if club is not None:
            found = found.filter(club=club)
        if author is not None:
            found = found.filter(author=author)
        if rating_min is not None:
            found = found.filter(rating__gte=rating_min)
        if rating_max is not None:
            found = found.filter(rating__lte=rating_max)
        if language is not None:
            found = found.filter(language=language)
        return found


def counts(review: Review) -> bool:
    """Whether one review counts: the rule of `counted`, for a row at hand."""
    return (
        (review.club is None or review.club.visibility == "public")
        and review.hidden_at is None
        and review.author.erased_at is None
    )


def half_stars(stars: float) -> int:
    """A rating as it is kept: 4.5 stars are 9 half stars."""
    return round(stars * 2)


def _in_readable_club(viewer: User | None) -> Q:
    """`ClubQuerySet.readable_by` on the joined club (a test holds the two equal).

    The join is there anyway, for the slug; a subquery over all clubs would be read anew, and
    grow with the platform, in every list of reviews.
    """
    public = Q(club__isnull=True) | Q(club__visibility="public")
    if viewer is None:
        return public
    own = Membership.objects.filter(club=OuterRef("club"), reader=viewer)
    return (public & ~Exists(own.filter(state="banned"))) | Exists(own.filter(state="active"))
