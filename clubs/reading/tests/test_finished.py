"""The books that public clubs finished, kept by month, equal a recount after every change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from accounts.tests.factories import UserFactory
from clubs.books.tests.factories import BookFactory
from clubs.membership import moderation
from clubs.membership import services as membership
from clubs.membership.models import Club, Role
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading import finished, services
from clubs.reading.counting import take_off
from clubs.reading.models import FinishedMonth, ListEntry
from clubs.reading.tests.factories import EntryFactory
from clubs.reading.tests.race import race, statuses

MAY, JUNE = datetime(2026, 5, 20, 12, tzinfo=UTC), datetime(2026, 6, 20, 12, tzinfo=UTC)


def kept() -> dict[tuple[date, bool], int]:
    """What is kept, by month and whether the club is archived; it is right."""
    assert list(finished.wrong_months()) == []
    counted: Counter[tuple[date, bool]] = Counter()
    for entry in ListEntry.objects.select_related("club").exclude(finished_on=None):
        if entry.club.visibility == "public" and entry.finished_on is not None:
            month = entry.finished_on.replace(day=1)
            counted[month, entry.club.archived_at is not None] += 1
    rows = {(month, gone): n for month, gone, n in finished.finished_by_month() if n}
    assert rows == dict(counted), "told in another way than by the recount itself"
    return rows


def of(month: int, number: int, *, archived: bool = False) -> dict[tuple[date, bool], int]:
    return {(date(2026, month, 1), archived): number}


@pytest.mark.django_db
def test_finishing_and_finishing_again_count_in_the_month_of_the_last_day() -> None:
    owner = UserFactory()
    club = ClubFactory(owner=owner, time_zone="UTC")
    entry = services.add_entry(club=club, book=BookFactory(), by=owner, status="reading", now=MAY)
    assert kept() == {}
    for status, at, right in (
        ("finished", MAY, of(5, 1)),
        ("reading", JUNE, of(5, 1)),
        ("finished", JUNE, of(6, 1)),
    ):
        entry = services.edit_entry(entry=entry, by=owner, changes={"status": status}, now=at)
        assert kept() == right
    services.add_entry(club=club, book=BookFactory(), by=owner, status="finished", now=JUNE)
    assert kept() == of(6, 2)
    take_off(entry, club)
    assert kept() == of(6, 1)


@pytest.mark.django_db
def test_a_club_counts_as_long_as_it_is_public_and_apart_when_it_is_archived() -> None:
    owner, moderator = UserFactory(), UserFactory(moderator=True)
    club = ClubFactory(owner=owner)
    EntryFactory(club=club, finished=True)
    EntryFactory(club=ClubFactory(private=True), finished=True)
    assert kept() == of(11, 1)
    membership.archive_club(club=club, by=owner)
    assert kept() == of(11, 1, archived=True)
    moderation.hide_club(club=club, by=moderator, reason="x")
    assert kept() == {}
    moderation.show_club(club=club, by=moderator, reason="x")
    assert kept() == of(11, 1, archived=True)
    membership.restore_club(club=club, by=owner)
    assert kept() == of(11, 1)
    membership.edit_club(club=club, by=owner, changes={"visibility": "private"})
    assert kept() == {}
    membership.archive_club(club=club, by=owner)
    membership.restore_club(club=club, by=owner)
    assert kept() == {}
    change: dict[str, Any] = {"visibility": "public"}
    membership.edit_club(club=club, by=owner, changes=change, confirm_visibility=True)
    assert kept() == of(11, 1)
    membership.delete_club(club=club, by=owner)
    assert kept() == {}


@pytest.mark.django_db
def test_a_club_that_its_last_reader_leaves_counts_among_the_archived() -> None:
    owner = UserFactory()
    EntryFactory(club=ClubFactory(owner=owner), finished=True)
    membership.leave_club(club=Club.objects.get(), by=owner)
    assert kept() == of(11, 1, archived=True)


@pytest.mark.django_db
def test_wrong_numbers_are_found_and_settled() -> None:
    EntryFactory(finished=True)
    FinishedMonth.objects.update(number=5)
    FinishedMonth.objects.create(part=3, archived=True, month=date(1999, 1, 1), number=2)
    assert [(was, right) for _place, was, right in finished.wrong_months()] in (
        [(5, 1), (2, 0)],
        [(2, 0), (5, 1)],
    )
    with transaction.atomic():
        assert len(finished.settle_months()) == 2
    assert kept() == of(11, 1)
    FinishedMonth.objects.all().delete()
    with transaction.atomic():
        finished.settle_months()
    assert kept() == of(11, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_clubs_that_finish_and_are_archived_at_once_all_count(api: Any) -> None:
    owners: list[User] = [UserFactory() for _ in range(20)]
    clubs = [ClubFactory(owner=owner, time_zone="UTC") for owner in owners]
    paths = []
    for club in clubs:
        EntryFactory(club=club, finished=True)
        entry = EntryFactory(club=club, reading=True)
        paths.append(f"clubs/{club.slug}/books/{entry.pk}/")
        member_of(club, UserFactory(), role=Role.MODERATOR)
    clients = [api(owner) for owner in owners]
    finishing = [
        lambda c=c, p=p: c.patch(p, {"status": "finished"})
        for c, p in zip(clients[:12], paths[:12], strict=True)
    ]
    archiving = [
        lambda c=c, club=club: c.post(f"clubs/{club.slug}/archive/")
        for c, club in zip(clients[12:], clubs[12:], strict=True)
    ]
    assert set(statuses(race(*finishing, *archiving))) <= {200, 204}
    assert sum(kept().values()) == 32
