"""Taking one's data out of clubs, and leaving them for good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from bookbridge.kernel.taking_out import held
from clubs import personal_data
from clubs.membership import services
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of
from clubs.models import Book, EntryMove, ListEntry, Support

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana")


def joined(club: Club, days_ago: int, role: str = Role.MEMBER) -> Any:
    """A member since that many days."""
    since = timezone.now() - timedelta(days=days_ago)
    return MembershipFactory(club=club, role=role, joined_at=since).reader


def owner_of(club: Club) -> Any:
    club.refresh_from_db()
    active = Membership.objects.active().filter(club=club)
    assert club.members_count == active.count()
    found = active.filter(role=Role.OWNER).first()
    return found and found.reader


def proposal(club: Club, reader: Any, pitch: str) -> ListEntry:
    book = Book.objects.create(title="Dom Casmurro", work_key="dom casmurro")
    entry = ListEntry.objects.create(
        club=club, book=book, position=1, pitch=pitch, proposed_by=reader
    )
    EntryMove.objects.create(entry=entry, to_status="proposed", moved_by=reader)
    Support.objects.create(entry=entry, reader=reader)
    return entry


def export(reader: Any) -> Any:
    return held(personal_data.export(reader))


# -- leaving ----------------------------------------------------------------------------


def test_a_club_goes_to_the_longest_serving_moderator(ana: Any) -> None:
    club = ClubFactory(owner=ana)
    joined(club, 90)
    joined(club, 10, Role.MODERATOR)
    heir = joined(club, 20, Role.MODERATOR)
    personal_data.erase(ana)
    assert owner_of(club) == heir
    assert club.members_count == 3
    assert club.archived_at is None


def test_without_moderators_it_goes_to_the_longest_serving_member(ana: Any) -> None:
    club = ClubFactory(owner=ana)
    joined(club, 10)
    heir = joined(club, 20)
    member_of(club, UserFactory(), state=State.REQUESTED)
    personal_data.erase(ana)
    assert owner_of(club) == heir


def test_the_last_one_leaving_archives_the_club(ana: Any) -> None:
    club = ClubFactory(owner=ana)
    personal_data.erase(ana)
    assert owner_of(club) is None
    assert (club.members_count, club.archived_at is None) == (0, False)


@pytest.mark.parametrize("state", list(State))
def test_every_membership_becomes_left_and_is_counted(state: str, ana: Any) -> None:
    club, other = ClubFactory(), UserFactory()
    member_of(club, ana, state=state)
    member_of(club, other)
    Membership.objects.filter(reader=ana).update(reason="Shouting")
    personal_data.erase(ana)
    row = Membership.objects.get(reader=ana)
    assert (row.state, row.role, row.reason) == (State.LEFT, Role.MEMBER, "")
    assert (row.joined_at, row.removed_at, row.changed_by) == (None, None, None)
    club.refresh_from_db()
    assert club.members_count == 2


def test_invitations_and_words_go_and_structure_stays(ana: Any) -> None:
    club = ClubFactory()
    owner = owner_of(club)
    member_of(club, ana, role=Role.MODERATOR)
    services.create_link(club=club, by=ana)
    services.invite_reader(club=ClubFactory(owner=owner), reader=ana, by=owner)
    entry = proposal(club, ana, "Read it for me")
    personal_data.erase(ana)
    assert not Invitation.objects.filter(reader=ana).exists()
    assert not Invitation.objects.open().exists()
    assert not Invitation.objects.filter(created_by=ana).exists()
    entry.refresh_from_db()
    assert (entry.pitch, entry.proposed_by, entry.version) == ("", None, 2)
    assert EntryMove.objects.get().moved_by is None
    assert Support.objects.count() == 1


# -- taking data out --------------------------------------------------------------------


def test_an_export_holds_what_is_the_readers(ana: Any) -> None:
    club = ClubFactory(owner=ana, slug="own", name="Own")
    services.create_link(club=club, by=ana, max_uses=3)
    proposal(club, ana, "A pitch")
    data = export(ana)
    own = {"slug": "own", "name": "Own"}
    assert data["memberships"][0]["club"] == own
    assert (data["memberships"][0]["state"], data["memberships"][0]["role"]) == ("active", "owner")
    assert (data["invitations"][0]["kind"], data["invitations"][0]["max_uses"]) == ("link", 3)
    assert data["proposals"][0]["pitch"] == "A pitch"
    assert data["proposals"][0]["club"] == own
    assert data["moves"][0]["to_status"] == "proposed"
    assert data["supports"][0]["book"] == "Dom Casmurro"
    assert Invitation.objects.get().token_digest not in str(data)


def test_an_export_names_no_club_that_the_reader_may_not_know(ana: Any) -> None:
    for name, state in (("Needle one", State.BANNED), ("Needle two", State.LEFT)):
        member_of(ClubFactory(name=name, slug=name[-3:], hidden=True), ana, state=state)
    club = ClubFactory(name="Needle three")
    member_of(club, ana, state=State.BANNED)
    data = export(ana)
    assert [row["club"] for row in data["memberships"]] == [None, None, None]
    assert "Needle" not in str(data)


def test_invitations_are_exported_from_both_sides(ana: Any) -> None:
    bob = UserFactory()
    club = ClubFactory(owner=ana)
    services.invite_reader(club=club, reader=bob, by=ana)
    assert export(ana)["invitations"][0]["kind"] == "sent"
    assert export(bob)["invitations"][0]["kind"] == "received"
