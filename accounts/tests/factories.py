"""Readers for tests: `UserFactory(admin=True)`; states are traits, and may be combined.

Everybody's password is `PASSWORD`. `roles=["moderator"]` puts a reader into those groups.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import ADMIN, MODERATOR, Session, User
from accounts.population import count_readers
from bookbridge.kernel.text import searchable

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    """An active reader with a verified address."""

    class Meta:
        model = User

    class Params:
        suspended = factory.Trait(
            suspended_at=factory.LazyFunction(timezone.now), suspension_reason="Spam."
        )
        moderator = factory.Trait(is_staff=True, roles=[MODERATOR])
        admin = factory.Trait(is_staff=True, roles=[ADMIN])
        unverified = factory.Trait(
            email=None,
            email_verified_at=None,
            pending_email=factory.LazyAttribute(lambda reader: f"{reader.username}@example.org"),
        )
        erased = factory.Trait(
            username=factory.LazyFunction(lambda: f"deleted-{uuid.uuid4().hex}"),
            display_name="",
            email=None,
            email_verified_at=None,
            password="!",
            search_text="",
            erased_at=factory.LazyFunction(timezone.now),
        )

    username = factory.Sequence(lambda n: f"reader{n}")
    email = factory.LazyAttribute(lambda reader: f"{reader.username}@example.org")
    email_verified_at = factory.LazyFunction(timezone.now)
    display_name = factory.LazyAttribute(lambda reader: reader.username.title())
    password = factory.django.Password(PASSWORD)
    search_text = factory.LazyAttribute(
        lambda reader: searchable(reader.username, reader.display_name)
    )

    roles = ()

    @classmethod
    def _build(
        cls, model: type[User], *args: Any, roles: Iterable[str] = (), **values: Any
    ) -> User:
        return super()._build(model, *args, **values)

    @classmethod
    def _create(
        cls, model: type[User], *args: Any, roles: Iterable[str] = (), **values: Any
    ) -> User:
        reader: User = super()._create(model, *args, **values)
        if reader.erased_at is None:
            count_readers([reader.pk])
        if roles:
            reader.groups.set([Group.objects.get_or_create(name=name)[0] for name in roles])
        return reader


class SessionFactory(factory.django.DjangoModelFactory):
    """One sign-in that is still good."""

    class Meta:
        model = Session

    reader = factory.SubFactory(UserFactory)
    refresh_jti = factory.LazyFunction(lambda: uuid.uuid4().hex)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))
