"""Roles, removals and bans, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed, Stale
from clubs.membership import services
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Any]:
    names = ("owner", "moderator", "second", "member", "stranger")
    return {name: UserFactory(username=name) for name in names}


@pytest.fixture
def club(people: dict[str, Any]) -> Club:
    club = ClubFactory(owner=people["owner"])
    member_of(club, people["moderator"], role=Role.MODERATOR)
    member_of(club, people["second"], role=Role.MODERATOR)
    member_of(club, people["member"])
    return club


def standing(club: Club, reader: Any) -> Membership:
    return Membership.objects.get(club=club, reader=reader)


# -- roles ------------------------------------------------------------------------------


def test_the_owner_promotes_and_demotes(club: Club, people: dict[str, Any]) -> None:
    owner, member = people["owner"], people["member"]
    promoted = services.change_role(club=club, reader=member, role="moderator", by=owner)
    assert (promoted.role, promoted.version) == (Role.MODERATOR, 2)
    same = services.change_role(club=club, reader=member, role="moderator", by=owner)
    assert same.version == 2
    with pytest.raises(Stale):
        services.change_role(
            club=club, reader=member, role="member", by=owner, expected=frozenset({1})
        )
    services.change_role(club=club, reader=member, role="member", by=owner)
    assert standing(club, member).role == Role.MEMBER


@pytest.mark.parametrize("role", ["moderator", "member"])
def test_the_role_of_the_owner_is_fixed(role: str, club: Club, people: dict[str, Any]) -> None:
    owner = people["owner"]
    with pytest.raises(DomainError) as error:
        services.change_role(club=club, reader=owner, role=role, by=owner)
    assert error.value.code == "owner_role_fixed"
    assert services.change_role(club=club, reader=owner, role=None, by=owner).role == Role.OWNER


@pytest.mark.parametrize(
    ("by", "code"),
    [("moderator", "role_too_low"), ("member", "role_too_low"), ("stranger", "not_a_member")],
)
def test_nobody_else_changes_roles(by: str, code: str, club: Club, people: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed) as error:
        services.change_role(club=club, reader=people["member"], role="moderator", by=people[by])
    assert error.value.code == code


def test_strangers_have_no_role_to_change(club: Club, people: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        services.change_role(
            club=club, reader=people["stranger"], role="moderator", by=people["owner"]
        )


# -- removals and bans ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "target", "code"),
    [
        ("owner", "moderator", None),
        ("owner", "member", None),
        ("owner", "owner", "owner_must_stay"),
        ("moderator", "member", None),
        ("moderator", "second", "role_too_low"),
        ("moderator", "moderator", "role_too_low"),
        ("moderator", "owner", "role_too_low"),
        ("member", "member", "role_too_low"),
        ("stranger", "member", "not_a_member"),
    ],
)
@pytest.mark.parametrize("act", ["remove", "ban"])
def test_who_may_put_whom_out(
    act: str, by: str, target: str, code: str | None, club: Club, people: dict[str, Any]
) -> None:
    service: Any = services.remove_member if act == "remove" else services.ban_reader
    arguments = {"club": club, "reader": people[target], "by": people[by]}
    if code is None:
        service(**arguments)
        state = State.REMOVED if act == "remove" else State.BANNED
        put_out = standing(club, people[target])
        assert (put_out.state, put_out.role) == (state, Role.MEMBER)
        club.refresh_from_db()
        assert club.members_count == 3
    else:
        with pytest.raises(DomainError) as error:
            service(**arguments)
        assert error.value.code == code


def test_anybody_can_be_banned_and_the_reason_rewritten(club: Club, people: dict[str, Any]) -> None:
    owner, stranger = people["owner"], people["stranger"]
    ban = services.ban_reader(club=club, reader=stranger, by=owner, reason="Spam")
    assert (ban.state, ban.reason, ban.changed_by) == (State.BANNED, "Spam", owner)
    services.ban_reader(club=club, reader=stranger, by=owner, reason="Much spam")
    services.ban_reader(club=club, reader=stranger, by=owner, reason="Much spam")
    assert (standing(club, stranger).reason, standing(club, stranger).version) == ("Much spam", 2)
    club.refresh_from_db()
    assert club.members_count == 4


def test_a_ban_and_its_end_heed_the_version(club: Club, people: dict[str, Any]) -> None:
    arguments = {"club": club, "reader": people["stranger"], "by": people["owner"]}
    with pytest.raises(Stale):
        services.ban_reader(**arguments, expected=frozenset({1}))
    services.ban_reader(**arguments)
    with pytest.raises(Stale):
        services.lift_ban(**arguments, expected=frozenset({2}))
    services.lift_ban(**arguments, expected=frozenset({1}))


def test_a_lifted_ban_leaves_somebody_who_may_ask(club: Club, people: dict[str, Any]) -> None:
    owner, member = people["owner"], people["member"]
    services.ban_reader(club=club, reader=member, by=owner, reason="Shouting")
    services.lift_ban(club=club, reader=member, by=owner)
    assert (standing(club, member).state, standing(club, member).reason) == (State.REMOVED, "")
    with pytest.raises(Missing):
        services.lift_ban(club=club, reader=member, by=owner)
    assert services.join_club(club=club, by=member).state == State.REQUESTED


@pytest.mark.parametrize("act", [services.remove_member, services.ban_reader])
def test_whoever_is_put_out_takes_their_open_invitations_along(
    act: Any, club: Club, people: dict[str, Any]
) -> None:
    moderator = people["moderator"]
    link, token = services.create_link(club=club, by=moderator, max_uses=9)
    kept, _token = services.create_link(club=club, by=people["owner"])
    act(club=club, reader=moderator, by=people["owner"])
    assert list(Invitation.objects.open()) == [kept]
    with pytest.raises(Missing):
        services.accept_link(token=token, by=people["stranger"])


def test_a_ban_ends_requests_and_invitations(club: Club, people: dict[str, Any]) -> None:
    asker, guest = UserFactory.create_batch(2)
    MembershipFactory(club=club, reader=asker, state=State.REQUESTED)
    services.invite_reader(club=club, reader=guest, by=people["owner"])
    for reader in (asker, guest):
        services.ban_reader(club=club, reader=reader, by=people["moderator"])
        assert standing(club, reader).state == State.BANNED
    assert not Invitation.objects.open().exists()
