"""Clubs and memberships for tests, with their counts right."""

from __future__ import annotations

from typing import Any

import factory
from django.db.models import F
from django.utils import timezone

from accounts.tests.factories import UserFactory
from bookbridge.kernel.markdown import render
from bookbridge.kernel.text import searchable
from clubs.membership.models import Club, Membership, Role, State


class ClubFactory(factory.django.DjangoModelFactory):
    """A public, open club with an owner: `ClubFactory(owner=ana, private=True)`."""

    class Meta:
        model = Club
        skip_postgeneration_save = True

    class Params:
        private = factory.Trait(visibility="private", join_policy="request")
        hidden = factory.Trait(visibility="hidden", join_policy="invite")
        archived = factory.Trait(archived_at=factory.LazyFunction(timezone.now))

    name = factory.Sequence(lambda number: f"Club {number}")
    slug = factory.Sequence(lambda number: f"club-{number}")
    description = "We *read*."
    description_html = factory.LazyAttribute(lambda club: render(club.description))
    search_text = factory.LazyAttribute(lambda club: searchable(club.name, club.description))

    @factory.post_generation
    def owner(club: Any, create: bool, owner: Any, **kwargs: Any) -> None:
        """The owner named, or a new reader."""
        if create:
            member_of(club, owner or UserFactory(), role=Role.OWNER)


class MembershipFactory(factory.django.DjangoModelFactory):
    """An active member; counts where the state is `active`."""

    class Meta:
        model = Membership

    club = factory.SubFactory(ClubFactory)
    reader = factory.SubFactory(UserFactory)
    state = State.ACTIVE
    role = Role.MEMBER
    joined_at = factory.LazyAttribute(
        lambda row: timezone.now() if row.state == State.ACTIVE else None
    )
    removed_at = factory.LazyAttribute(
        lambda row: timezone.now() if row.state in (State.REMOVED, State.BANNED) else None
    )

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        row = super()._create(model_class, *args, **kwargs)
        if row.state == State.ACTIVE:
            Club.objects.filter(pk=row.club_id).update(members_count=F("members_count") + 1)
            row.club.members_count += 1
        return row


def member_of(
    club: Club, reader: Any, role: str = Role.MEMBER, state: str = State.ACTIVE
) -> Membership:
    """Where `reader` stands towards `club` from now on: the row, made or changed."""
    found = Membership.objects.filter(club=club, reader=reader).first()
    if found is not None:
        if found.state == State.ACTIVE:
            Club.objects.filter(pk=club.pk).update(members_count=F("members_count") - 1)
        found.delete()
    return MembershipFactory(club=club, reader=reader, role=role, state=state)
