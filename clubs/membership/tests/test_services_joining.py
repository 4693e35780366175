"""The ways into a club and out of it, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from clubs.membership import services
from clubs.membership.models import Club, Membership, Role, State
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = pytest.mark.django_db


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def state_of(club: Club, reader: Any) -> str:
    return Membership.objects.get(club=club, reader=reader).state


def join(club: Club, reader: Any) -> str:
    return services.join_club(club=club, by=reader).state


def leave(club: Club, reader: Any) -> None:
    services.leave_club(club=club, by=reader)


def members_of(club: Club) -> int:
    club.refresh_from_db()
    assert club.members_count == Membership.objects.active().filter(club=club).count()
    return club.members_count


# -- joining ----------------------------------------------------------------------------


def test_an_open_club_is_joined_at_once_and_counts() -> None:
    club, bob = ClubFactory(), UserFactory()
    assert join(club, bob) == State.ACTIVE
    assert members_of(club) == 2
    assert refusal(lambda: join(club, bob)) == "already_member"


def test_by_request_one_asks_and_staff_decide() -> None:
    ana, bob, eve = UserFactory.create_batch(3)
    club = ClubFactory(owner=ana, join_policy="request")
    assert join(club, bob) == join(club, eve) == State.REQUESTED
    assert refusal(lambda: join(club, bob)) == "already_requested"
    assert members_of(club) == 1
    assert services.approve_request(club=club, reader=bob, by=ana).state == State.ACTIVE
    assert services.decline_request(club=club, reader=eve, by=ana).state == State.LEFT
    assert members_of(club) == 2
    assert refusal(lambda: services.approve_request(club=club, reader=eve, by=ana)) == "not_found"
    assert join(club, eve) == State.REQUESTED


def test_by_invitation_strangers_are_told_so() -> None:
    club = ClubFactory(join_policy="invite")
    assert refusal(lambda: join(club, UserFactory())) == "invitation_required"


def test_an_open_club_with_a_request_from_before_lets_the_reader_in() -> None:
    club, bob = ClubFactory(), UserFactory()
    member_of(club, bob, state=State.REQUESTED)
    assert join(club, bob) == State.ACTIVE


def test_a_full_club_takes_nobody_until_a_seat_is_free() -> None:
    bob, eve = UserFactory.create_batch(2)
    club = ClubFactory(max_members=2)
    join(club, bob)
    assert refusal(lambda: join(club, eve)) == "club_full"
    leave(club, bob)
    assert join(club, eve) == State.ACTIVE
    assert members_of(club) == 2


def test_a_request_takes_no_seat_and_its_approval_does() -> None:
    ana, bob = UserFactory.create_batch(2)
    club = ClubFactory(owner=ana, join_policy="request", max_members=1)
    assert join(club, bob) == State.REQUESTED
    assert refusal(lambda: services.approve_request(club=club, reader=bob, by=ana)) == "club_full"
    assert state_of(club, bob) == State.REQUESTED


def test_who_was_removed_may_only_ask_even_in_an_open_club() -> None:
    ana, bob = UserFactory.create_batch(2)
    club = ClubFactory(owner=ana)
    join(club, bob)
    services.remove_member(club=club, reader=bob, by=ana)
    assert join(club, bob) == State.REQUESTED
    assert refusal(lambda: join(club, bob)) == "already_requested"
    leave(club, bob)
    assert state_of(club, bob) == State.REMOVED
    assert join(club, bob) == State.REQUESTED
    assert services.decline_request(club=club, reader=bob, by=ana).state == State.REMOVED
    join(club, bob)
    services.approve_request(club=club, reader=bob, by=ana)
    leave(club, bob)
    assert join(club, bob) == State.ACTIVE


def test_the_banned_and_strangers_of_hidden_clubs_meet_no_club() -> None:
    hidden, club, bob = ClubFactory(hidden=True), ClubFactory(), UserFactory()
    member_of(club, bob, state=State.BANNED)
    for act in (
        lambda: join(club, bob),
        lambda: leave(club, bob),
        lambda: services.require_member(club=club, reader=bob),
        lambda: join(hidden, bob),
        lambda: leave(hidden, bob),
        lambda: services.require_member(club=hidden, reader=bob),
    ):
        with pytest.raises(Missing):
            act()


# -- leaving ----------------------------------------------------------------------------


def test_a_member_leaves_and_may_come_back() -> None:
    club, bob = ClubFactory(), UserFactory()
    member_of(club, bob, role=Role.MODERATOR)
    leave(club, bob)
    assert members_of(club) == 1
    with pytest.raises(NotAllowed) as error:
        leave(club, bob)
    assert error.value.code == "not_a_member"
    back = services.join_club(club=club, by=bob)
    assert (back.state, back.role) == (State.ACTIVE, Role.MEMBER)


def test_the_owner_stays_while_others_remain_and_is_told_the_ways_out() -> None:
    ana, bob = UserFactory.create_batch(2)
    club = ClubFactory(owner=ana)
    join(club, bob)
    with pytest.raises(DomainError) as error:
        leave(club, ana)
    assert error.value.code == "owner_must_stay"
    assert error.value.extra == {"allowed": ["archive", "delete"]}
    services.archive_club(club=club, by=ana)
    leave(club, ana)
    assert members_of(club) == 1


def test_the_last_one_leaving_archives_the_club() -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana)
    leave(club, ana)
    assert members_of(club) == 0
    assert club.archived_at is not None
    assert state_of(club, ana) == State.LEFT


@pytest.mark.parametrize("state", [State.REQUESTED, State.INVITED])
def test_who_has_no_seat_yet_withdraws_by_leaving(state: str) -> None:
    club, bob = ClubFactory(), UserFactory()
    member_of(club, bob, state=state)
    leave(club, bob)
    assert state_of(club, bob) == State.LEFT
    assert members_of(club) == 1


def test_an_archived_club_can_be_left() -> None:
    club, bob = ClubFactory(archived=True), UserFactory()
    member_of(club, bob)
    leave(club, bob)
    assert members_of(club) == 1
    assert refusal(lambda: join(club, bob)) == "club_archived"


# -- who may settle requests ------------------------------------------------------------


def test_requests_are_settled_by_staff_alone() -> None:
    club, asker = ClubFactory(private=True), UserFactory()
    member_of(club, asker, state=State.REQUESTED)
    moderator, member, stranger = UserFactory.create_batch(3)
    member_of(club, moderator, role=Role.MODERATOR)
    member_of(club, member)
    for by, code in ((member, "role_too_low"), (stranger, "not_a_member"), (asker, "not_a_member")):
        with pytest.raises(NotAllowed) as error:
            services.approve_request(club=club, reader=asker, by=by)
        assert error.value.code == code
    assert services.approve_request(club=club, reader=asker, by=moderator).changed_by == moderator


def test_a_seat_is_not_given_to_who_has_left_the_platform() -> None:
    ana, ghost = UserFactory(), UserFactory(erased=True)
    club = ClubFactory(owner=ana, private=True)
    member_of(club, ghost, state=State.REQUESTED)
    with pytest.raises(Missing):
        services.approve_request(club=club, reader=ghost, by=ana)
    assert members_of(club) == 1
