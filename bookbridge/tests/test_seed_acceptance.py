"""The world for trying a server: what it has, and that every run makes it right again."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from accounts.services import erase_reader
from accounts.tests.factories import UserFactory
from bookbridge.acceptance.clubs import road
from bookbridge.acceptance.readers import KINDS
from bookbridge.invariants.running import differences
from bookbridge.testing import ApiClient
from clubs.membership.services import archive_club, delete_club, join_club, lift_ban
from clubs.models import Club, ListEntry, Membership
from reviews.models import Review

pytestmark = pytest.mark.django_db

STATES = {
    "invited": ("invited", "member"),
    "member": ("active", "member"),
    "club_moderator": ("active", "moderator"),
    "owner": ("active", "owner"),
    "former_member": ("left", "member"),
    "banned": ("banned", "member"),
    "suspended": ("active", "member"),
}


def seed(*options: str) -> Any:
    told = io.StringIO()
    call_command("seed_acceptance", "--json", *options, stdout=told)
    return json.loads(told.getvalue())


def sign_in(reader: Any) -> int:
    body = {"login": reader["username"], "password": reader["password"]}
    return Client().post("/api/v1/auth/token/", body, content_type="application/json").status_code


def require_right(world: Any) -> None:
    """Everybody stands where they are to stand, and every rule holds."""
    assert tuple(world["readers"]) == KINDS
    assert set(world["clubs"]) == {"public", "private", "hidden"}
    for visibility, told in world["clubs"].items():
        club = Club.objects.get(pk=told["id"], slug=told["slug"], visibility=visibility)
        assert club.archived_at is None
        found = {
            row.reader_id: (row.state, row.role) for row in Membership.objects.filter(club=club)
        }
        for kind, reader in world["readers"].items():
            assert found.get(reader["id"]) == STATES.get(kind), (visibility, kind)
        statuses = dict(ListEntry.objects.filter(club=club).values_list("status", "pk"))
        assert statuses == told["entries"]
        assert len(statuses) == 5
        assert Review.objects.filter(club=club).count() == 3
    assert User.objects.get(pk=world["readers"]["suspended"]["id"]).is_suspended()
    assert world["readers"]["site_moderator"]["roles"] == ["moderator"]
    assert world["readers"]["admin"]["roles"] == ["admin"]
    assert Review.objects.get(pk=world["reviews"]["hidden"]).hidden_at is not None
    assert differences() == []


def test_the_world_and_its_passwords() -> None:
    world = seed()
    require_right(world)
    for kind, reader in world["readers"].items():
        assert sign_in(reader) == (401 if kind == "suspended" else 200), kind
    link = world["clubs"]["hidden"]["invitation_token"]
    assert ApiClient().get(f"invitations/{link}/").status_code == 200


def test_a_second_run_changes_passwords_alone() -> None:
    first = seed()
    member = ApiClient(User.objects.get(pk=first["readers"]["member"]["id"]))
    second = seed()
    require_right(second)
    for kind in KINDS:
        before, after = first["readers"][kind], second["readers"][kind]
        assert before.pop("password") != after.pop("password")
        assert before == after
    for visibility, club in first["clubs"].items():
        assert club.pop("invitation_token") != second["clubs"][visibility].pop("invitation_token")
        assert club == second["clubs"][visibility]
    assert member.get("users/me/").status_code == 401, "sessions of the old password are over"


def test_what_was_changed_meanwhile_is_made_right() -> None:
    world = seed()
    readers = {kind: User.objects.get(pk=row["id"]) for kind, row in world["readers"].items()}
    clubs = {name: Club.objects.get(pk=row["id"]) for name, row in world["clubs"].items()}
    owner = readers["owner"]
    join_club(club=clubs["hidden"], by=readers["invited"])
    join_club(club=clubs["public"], by=readers["former_member"])
    join_club(club=clubs["public"], by=readers["stranger"])
    join_club(club=clubs["private"], by=readers["admin"])
    lift_ban(club=clubs["public"], reader=readers["banned"], by=owner)
    archive_club(club=clubs["private"], by=owner)
    delete_club(club=clubs["hidden"], by=owner)
    erase_reader(reader=readers["member"])
    again = seed()
    require_right(again)
    assert again["readers"]["member"]["username"] == "acc-member-2"
    assert again["clubs"]["private"]["id"] == world["clubs"]["private"]["id"]


def test_it_is_refused_under_production_settings(settings: Any) -> None:
    settings.SETTINGS_MODULE = "bookbridge.settings.production"
    with pytest.raises(CommandError, match="production settings"):
        seed()
    assert not User.objects.exists()
    seed("--force")


def test_a_table_for_people_and_what_is_in_the_way() -> None:
    told = io.StringIO()
    call_command("seed_acceptance", stdout=told)
    assert len(told.getvalue().splitlines()) == len(KINDS) + 3
    User.objects.filter(username="acc-member").update(email="other@example.org")
    UserFactory(username="acc-member-2")
    assert seed()["readers"]["member"]["username"] == "acc-member-3"


def test_ways_through_the_status_machine() -> None:
    assert road("proposed", "proposed") == []
    assert road("finished", "proposed") == ["reading", "dropped", "proposed"]
    with pytest.raises(ValueError, match="no way"):
        road("proposed", "nowhere")
