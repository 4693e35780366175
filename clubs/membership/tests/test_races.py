"""Many at once: real threads, each with its own connection. Losers get 409, never 5xx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import DomainError
from clubs.membership import services
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.tests.factories import ClubFactory, member_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of `acts` gave, or the code of its refusal; all start together."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act()
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def joins(club: Club, readers: Sequence[Any]) -> list[Callable[[], str]]:
    return [lambda by=reader: services.join_club(club=club, by=by).state for reader in readers]


def check(club: Club) -> Club:
    """What must hold after any race."""
    club.refresh_from_db()
    active = Membership.objects.active().filter(club=club)
    assert club.members_count == active.count()
    owners = active.filter(role=Role.OWNER).count()
    assert owners == 1 or (club.archived_at is not None and owners == 0)
    return club


def test_forty_readers_and_five_seats() -> None:
    club = ClubFactory(max_members=6)
    outcomes = Counter(at_once(*joins(club, UserFactory.create_batch(40))))
    assert outcomes == {State.ACTIVE: 5, "club_full": 35}
    assert check(club).members_count == 6


def test_forty_clients_and_five_seats_over_http(api: Any) -> None:
    club = ClubFactory(max_members=6)
    clients = [api(reader) for reader in UserFactory.create_batch(40)]
    path = f"clubs/{club.slug}/join/"
    answers = at_once(*(lambda client=client: client.post(path).status_code for client in clients))
    assert Counter(answers) == {201: 5, 409: 35}
    assert check(club).members_count == 6


def test_one_reader_joining_many_times_gets_one_seat() -> None:
    club, bob = ClubFactory(), UserFactory()
    outcomes = Counter(at_once(*joins(club, [bob] * 12)))
    assert outcomes == {State.ACTIVE: 1, "already_member": 11}
    assert check(club).members_count == 2


def test_a_link_has_exactly_the_uses_it_says() -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana, hidden=True)
    link, token = services.create_link(club=club, by=ana, max_uses=3)
    outcomes = Counter(
        at_once(
            *(
                lambda by=reader: services.accept_link(token=token, by=by).state
                for reader in UserFactory.create_batch(20)
            )
        )
    )
    assert outcomes == {State.ACTIVE: 3, "not_found": 17}
    assert Invitation.objects.get(pk=link.pk).uses == 3
    assert check(club).members_count == 4


def test_a_link_and_a_full_club_waste_no_use() -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana, max_members=3)
    link, token = services.create_link(club=club, by=ana, max_uses=10)
    outcomes = Counter(
        at_once(
            *(
                lambda by=reader: services.accept_link(token=token, by=by).state
                for reader in UserFactory.create_batch(8)
            )
        )
    )
    assert outcomes == {State.ACTIVE: 2, "club_full": 6}
    assert Invitation.objects.get(pk=link.pk).uses == 2
    check(club)


def test_joins_and_leaves_keep_the_count() -> None:
    club = ClubFactory(max_members=12)
    members, others = UserFactory.create_batch(10), UserFactory.create_batch(10)
    for member in members:
        member_of(club, member)
    leaves = [lambda by=member: services.leave_club(club=club, by=by) for member in members]
    at_once(*leaves, *joins(club, others))
    assert check(club).members_count <= 12


@pytest.mark.parametrize("_round", range(5))
def test_roles_removals_and_bans_keep_one_owner(_round: int) -> None:
    ana, bob, eve = UserFactory.create_batch(3)
    club = ClubFactory(owner=ana)
    member_of(club, bob, role=Role.MODERATOR)
    member_of(club, eve)
    at_once(
        lambda: services.change_role(club=club, reader=eve, role="moderator", by=ana).role,
        lambda: services.change_role(club=club, reader=bob, role="member", by=ana).role,
        lambda: services.remove_member(club=club, reader=eve, by=bob),
        lambda: services.ban_reader(club=club, reader=eve, by=ana).state,
        lambda: services.ban_reader(club=club, reader=ana, by=bob).state,
        lambda: services.leave_club(club=club, by=bob),
        lambda: services.leave_club(club=club, by=ana),
        lambda: services.join_club(club=club, by=eve).state,
    )
    check(club)


@pytest.mark.parametrize("_round", range(5))
def test_the_last_two_leaving_at_once_leave_an_owner_or_an_archive(_round: int) -> None:
    ana, bob = UserFactory.create_batch(2)
    club = ClubFactory(owner=ana)
    member_of(club, bob)
    at_once(
        lambda: services.leave_club(club=club, by=ana),
        lambda: services.leave_club(club=club, by=bob),
        lambda: services.leave_club(club=club, by=ana),
    )
    club = check(club)
    assert club.members_count == (1 if club.archived_at is None else 0)


def test_a_request_is_settled_once() -> None:
    ana, bob = UserFactory.create_batch(2)
    club = ClubFactory(owner=ana, private=True)
    member_of(club, bob, state=State.REQUESTED)
    arguments = {"club": club, "reader": bob, "by": ana}
    outcomes = at_once(
        *[lambda: services.approve_request(**arguments).state] * 4,
        *[lambda: services.decline_request(**arguments).state] * 4,
    )
    assert outcomes.count("not_found") == 7
    check(club)


def test_one_name_and_many_founders_who_all_succeed() -> None:
    founders = UserFactory.create_batch(12)
    slugs = at_once(
        *(
            lambda by=reader: services.found_club(by=by, name="Same Name").slug
            for reader in founders
        )
    )
    assert len(set(slugs)) == 12
    assert "same-name" in slugs
    assert all(slug.startswith("same-name") for slug in slugs)


@pytest.mark.parametrize("_round", range(5))
def test_a_slug_is_not_taken_over_while_its_club_is_deleted(_round: int) -> None:
    ana = UserFactory()
    club = services.found_club(by=ana, name="Short lived")
    founders = UserFactory.create_batch(4)
    outcomes = at_once(
        lambda: services.delete_club(club=club, by=ana),
        *(
            lambda by=reader: services.found_club(by=by, name="Short lived").slug
            for reader in founders
        ),
    )
    assert "short-lived" not in outcomes
    assert Club.objects.count() == 4


def test_writers_with_one_version_and_one_winner() -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana)
    outcomes = at_once(
        *(
            lambda seats=seats: (
                services.edit_club(
                    club=club, by=ana, changes={"max_members": seats}, expected=frozenset({1})
                ).max_members
            )
            for seats in range(10, 20)
        )
    )
    assert outcomes.count("stale") == 9
    club.refresh_from_db()
    assert club.version == 2
    assert club.max_members in outcomes
