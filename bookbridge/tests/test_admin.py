"""The admin site: who may look, and what is not there to look at."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from accounts.tests.factories import UserFactory
from bookbridge.kernel.admin import ReadOnlyAdmin
from clubs.membership.services import create_link, invite_reader
from clubs.membership.tests.factories import ClubFactory
from clubs.models import EntryMove, ListEntry
from reviews.models import Review
from stats.tests.world import book, entry, review

pytestmark = pytest.mark.django_db

OURS = [model for model in admin.site._registry if model is not Group]


@pytest.fixture
def superuser() -> User:
    made: User = User.objects.create_superuser("admin", "admin@example.org", "kran-7-tor-lang")
    return made


@pytest.fixture
def world(superuser: User) -> dict[str, Any]:
    club, hidden = ClubFactory(), ClubFactory(hidden=True, name="Hidden marker")
    private = ClubFactory(private=True, name="Private card")
    invite_reader(club=club, reader=UserFactory(), by=owner_of(club))
    create_link(club=club, by=owner_of(club))
    rows = {"club": club, "review": review(book())}
    for each in (club, hidden, private):
        read = entry(each)
        made = review(read.book, by=owner_of(each), club=each)
        Review.objects.filter(pk=made.pk).update(title=f"Title of {each.visibility}")
        ListEntry.objects.filter(pk=read.pk).update(pitch=f"Pitch of {each.visibility}")
    return rows


def owner_of(club: Any) -> Any:
    return club.memberships.get(role="owner").reader


def addresses() -> list[str]:
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{base}_changelist"))
        found += [
            reverse(f"{base}_change", args=[pk])
            for pk in model._default_manager.values_list("pk", flat=True)
        ]
    return found


def pages(reader: User) -> dict[str, Any]:
    client = Client()
    client.force_login(reader)
    return {address: client.get(address) for address in addresses()}


def hidden_addresses(world: dict[str, Any]) -> set[str]:
    """Pages of records that belong to clubs which are not public."""
    found = set()
    for model in OURS:
        names = {field.name for field in model._meta.get_fields()}
        if "club" not in names:
            continue
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        rows = model._default_manager.exclude(club__visibility="public").exclude(club=None)
        found |= {reverse(base, args=[pk]) for pk in rows.values_list("pk", flat=True)}
    return found


def test_lists_and_pages_answer_and_say_nothing_of_what_is_kept_among_members(
    superuser: User, world: dict[str, Any]
) -> None:
    concealed = hidden_addresses(world)
    hidden_club = reverse("admin:clubs_club_change", args=[world["club"].pk + 1])
    assert concealed
    for address, answer in pages(superuser).items():
        if address in concealed or address == hidden_club:
            assert answer.status_code == 302, address
            continue
        assert answer.status_code == 200, address
        text = answer.content.decode()
        for secret in ("Title of private", "Title of hidden", "Pitch of private", "Hidden marker"):
            assert secret not in text, address
        assert "Pitch of hidden" not in text
        assert superuser.password not in text
        assert "BookBridge" in text


def test_staff_may_look_and_see_no_addresses(world: dict[str, Any]) -> None:
    moderator = UserFactory(moderator=True)
    client = Client()
    client.force_login(moderator)
    somebody = UserFactory(email="secret-address@example.org")
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 200
    page = client.get(reverse("admin:accounts_user_change", args=[somebody.pk]))
    assert page.status_code == 200
    assert "secret-address" not in page.content.decode()


def test_readers_are_sent_to_the_door(world: dict[str, Any]) -> None:
    for address, answer in pages(UserFactory()).items():
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(reverse("admin:login"))


def test_nothing_can_be_written(superuser: User, world: dict[str, Any]) -> None:
    client = Client()
    client.force_login(superuser)
    for model in OURS:
        assert isinstance(admin.site._registry[model], ReadOnlyAdmin), model
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.post(reverse(f"{base}_add"), {}).status_code == 403
        row = model._default_manager.first()
        if row is not None:
            for act in ("change", "delete"):
                answer = client.post(reverse(f"{base}_{act}", args=[row.pk]), {"post": "yes"})
                assert answer.status_code == 403, (model, act)


def test_what_would_open_doors_is_not_registered() -> None:
    names = {model._meta.label for model in admin.site._registry}
    assert not admin.site.is_registered(Session)
    assert "accounts.RetiredUsername" not in names
    assert "clubs.RetiredSlug" not in names
    assert "kernel.IdempotencyKey" not in names
    assert {"accounts.User", "clubs.Club", "clubs.Book", "reviews.Review", "auth.Group"} <= names
    assert apps.is_installed("bookbridge")
    assert EntryMove not in admin.site._registry


def test_lists_cost_a_fixed_number_of_statements(
    superuser: User, django_assert_max_num_queries: Any
) -> None:
    club = ClubFactory()
    for _ in range(20):
        review(entry(club).book, club=club)
    client = Client()
    client.force_login(superuser)
    for model in OURS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        with django_assert_max_num_queries(9):
            client.get(reverse(name))
