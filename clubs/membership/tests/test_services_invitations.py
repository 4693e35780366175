"""Invitations: by name, and links with uses and an expiry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from clubs.membership import services
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return UserFactory()


@pytest.fixture
def club(owner: Any) -> Club:
    return ClubFactory(owner=owner, hidden=True)


def refusal(**arguments: Any) -> str:
    with pytest.raises(DomainError) as error:
        services.accept_link(**arguments)
    return error.value.code


def state_of(club: Club, reader: Any) -> str:
    return Membership.objects.get(club=club, reader=reader).state


# -- links ------------------------------------------------------------------------------


def test_a_link_opens_a_hidden_club_as_often_as_it_says(club: Club, owner: Any) -> None:
    link, token = services.create_link(club=club, by=owner, max_uses=2)
    for _each in range(2):
        assert services.accept_link(token=token, by=UserFactory()).state == State.ACTIVE
    assert refusal(token=token, by=UserFactory()) == "not_found"
    link.refresh_from_db()
    club.refresh_from_db()
    assert (link.uses, club.members_count) == (2, 3)


def test_only_the_digest_of_a_token_is_kept(club: Club, owner: Any) -> None:
    link, token = services.create_link(club=club, by=owner)
    assert len(token) == 43
    assert token not in str(Invitation.objects.values().get(pk=link.pk))


def test_a_link_lasts_as_many_days_as_it_says(club: Club, owner: Any) -> None:
    link, token = services.create_link(club=club, by=owner, expires_in_days=3)
    assert timedelta(days=3) - (link.expires_at - timezone.now()) < timedelta(minutes=1)
    Invitation.objects.update(expires_at=timezone.now())
    assert refusal(token=token, by=UserFactory()) == "not_found"


def test_unknown_revoked_and_those_of_deleted_clubs_are_alike(club: Club, owner: Any) -> None:
    link, revoked = services.create_link(club=club, by=owner)
    services.revoke_invitation(club=club, invitation_id=link.pk, by=owner)
    _link, gone = services.create_link(club=club, by=owner)
    services.delete_club(club=club, by=owner)
    for token in ("unknown", revoked, gone, ""):
        assert refusal(token=token, by=UserFactory()) == "not_found"


def test_a_use_is_not_lost_on_who_cannot_come_in(club: Club, owner: Any) -> None:
    link, token = services.create_link(club=club, by=owner)
    assert refusal(token=token, by=owner) == "already_member"
    Club.objects.update(max_members=1)
    assert refusal(token=token, by=UserFactory()) == "club_full"
    Club.objects.update(archived_at=timezone.now())
    assert refusal(token=token, by=UserFactory()) == "club_archived"
    link.refresh_from_db()
    assert link.uses == 0


def test_the_banned_find_no_link(club: Club, owner: Any) -> None:
    _link, token = services.create_link(club=club, by=owner)
    bob = UserFactory()
    member_of(club, bob, state=State.BANNED)
    with pytest.raises(Missing):
        services.find_link(token, viewer=bob)
    assert refusal(token=token, by=bob) == "not_found"


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [("open", "requested"), ("request", "requested"), ("invite", "invitation_required")],
)
def test_who_was_removed_can_only_ask_with_a_link(policy: str, outcome: str, owner: Any) -> None:
    club, bob = ClubFactory(owner=owner, join_policy=policy), UserFactory()
    member_of(club, bob, state=State.REMOVED)
    link, token = services.create_link(club=club, by=owner)
    if outcome == "requested":
        assert services.accept_link(token=token, by=bob).state == State.REQUESTED
        assert refusal(token=token, by=bob) == "already_requested"
    else:
        assert refusal(token=token, by=bob) == outcome
    link.refresh_from_db()
    assert link.uses == 0


def test_a_link_approves_who_asked_and_leaves_names_their_own_invitation(owner: Any) -> None:
    club = ClubFactory(owner=owner, private=True)
    asker, guest = UserFactory.create_batch(2)
    services.join_club(club=club, by=asker)
    services.invite_reader(club=club, reader=guest, by=owner)
    link, token = services.create_link(club=club, by=owner, max_uses=5)
    assert services.accept_link(token=token, by=asker).state == State.ACTIVE
    assert services.accept_link(token=token, by=guest).state == State.ACTIVE
    link.refresh_from_db()
    assert link.uses == 1
    assert not Invitation.objects.open().filter(reader=guest).exists()


# -- by name ----------------------------------------------------------------------------


def test_an_invitation_by_name_opens_the_club_until_it_is_withdrawn(club: Club, owner: Any) -> None:
    bob, eve = UserFactory.create_batch(2)
    services.invite_reader(club=club, reader=bob, by=owner)
    assert Club.objects.visible_to(bob).filter(pk=club.pk).exists()
    assert services.join_club(club=club, by=bob).state == State.ACTIVE
    invitation = services.invite_reader(club=club, reader=eve, by=owner)
    services.revoke_invitation(club=club, invitation_id=invitation.pk, by=owner)
    assert state_of(club, eve) == State.LEFT
    assert not Club.objects.visible_to(eve).filter(pk=club.pk).exists()
    assert not Invitation.objects.open().exists()


def test_an_invitation_to_somebody_who_asked_is_an_approval(owner: Any) -> None:
    club, bob = ClubFactory(owner=owner, private=True), UserFactory()
    services.join_club(club=club, by=bob)
    invitation = services.invite_reader(club=club, reader=bob, by=owner)
    assert (state_of(club, bob), invitation.uses) == (State.ACTIVE, 1)


def test_an_invitation_lets_somebody_removed_back_in(owner: Any) -> None:
    club, bob = ClubFactory(owner=owner), UserFactory()
    member_of(club, bob, state=State.REMOVED)
    services.invite_reader(club=club, reader=bob, by=owner)
    services.leave_club(club=club, by=bob)
    assert state_of(club, bob) == State.REMOVED
    services.invite_reader(club=club, reader=bob, by=owner)
    assert services.join_club(club=club, by=bob).state == State.ACTIVE


@pytest.mark.parametrize(
    ("state", "code"),
    [("active", "already_member"), ("invited", "already_invited"), ("banned", "reader_banned")],
)
def test_whom_one_cannot_invite(state: str, code: str, club: Club, owner: Any) -> None:
    bob = UserFactory()
    member_of(club, bob, state=state)
    with pytest.raises(DomainError) as error:
        services.invite_reader(club=club, reader=bob, by=owner)
    assert error.value.code == code


def test_invitations_are_for_staff_and_for_their_own_club(club: Club, owner: Any) -> None:
    member = UserFactory()
    member_of(club, member)
    link, _token = services.create_link(club=club, by=owner)
    for act in (
        lambda: services.create_link(club=club, by=member),
        lambda: services.invite_reader(club=club, reader=UserFactory(), by=member),
        lambda: services.revoke_invitation(club=club, invitation_id=link.pk, by=member),
    ):
        with pytest.raises(NotAllowed) as error:
            act()
        assert error.value.code == "role_too_low"
    member_of(club, member, role=Role.MODERATOR)
    with pytest.raises(Missing):
        services.revoke_invitation(club=ClubFactory(owner=member), invitation_id=link.pk, by=member)
    services.revoke_invitation(club=club, invitation_id=link.pk, by=member)


def test_who_was_invited_by_somebody_put_out_stays_invited(club: Club, owner: Any) -> None:
    moderator, guest = UserFactory(), UserFactory()
    member_of(club, moderator, role="moderator")
    services.invite_reader(club=club, reader=guest, by=moderator)
    _link, token = services.create_link(club=club, by=moderator)
    services.ban_reader(club=club, reader=moderator, by=owner)
    with pytest.raises(Missing):
        services.find_link(token, viewer=None)
    assert services.join_club(club=club, by=guest).state == "active"
    assert not Invitation.objects.filter(reader=guest).open().exists()
