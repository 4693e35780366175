"""The most active clubs are the same however few are counted exactly at first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clubs.membership.tests.factories import ClubFactory, MembershipFactory
from clubs.models import Club, Membership
from stats.queries import activity
from stats.tests.world import NOW, entry, moment, move, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

LONG_AGO = NOW - timedelta(days=400)


def of_old(members: int, moves: int) -> Club:
    """A club that can have come to much by its numbers, and has to nothing."""
    club: Club = ClubFactory()
    MembershipFactory.create_batch(members, club=club)
    listed = entry(club, at=LONG_AGO)
    for _ in range(moves):
        move(listed, "reading", before="finished", at=LONG_AGO)
    Membership.objects.filter(club=club).update(joined_at=LONG_AGO)
    return club


def lively(reviews: int, moves: int, joined: int) -> Club:
    """A club with so much of each in the last 90 days."""
    club: Club = ClubFactory()
    Membership.objects.filter(club=club).update(joined_at=LONG_AGO)
    listed = entry(club, at=LONG_AGO)
    for _ in range(reviews):
        review(listed.book, club=club, at=NOW)
    for _ in range(moves):
        move(listed, "reading", before="finished")
    MembershipFactory.create_batch(joined, club=club, joined_at=NOW)
    return club


@pytest.mark.parametrize("at_first", [1, 2, 50])
def test_clubs_that_only_can_have_been_active_do_not_displace_others(
    monkeypatch: Any, at_first: int
) -> None:
    monkeypatch.setattr(activity, "CLUBS_AT_FIRST", at_first)
    for number in (4, 5, 6):
        of_old(members=number, moves=number)
    best = [lively(1, 1, 1), lively(0, 2, 0), lively(0, 0, 2), lively(1, 0, 0)]
    assert [(row["slug"], row["activity"]) for row in activity.most_active_clubs(10)] == [
        (club.slug, number) for club, number in zip(best, (3, 2, 2, 1), strict=True)
    ]
    assert [row["slug"] for row in activity.most_active_clubs(2)] == [
        club.slug for club in best[:2]
    ]


@pytest.mark.parametrize("now", ["2026-11-01 00:00", "2026-11-09 12:00", "2026-11-20 12:00"])
def test_a_month_that_counts_in_part_is_counted_to_the_moment(monkeypatch: Any, now: str) -> None:
    monkeypatch.setattr(activity.timezone, "now", lambda: moment(now))
    since = moment(now) - timedelta(days=activity.ACTIVE_DAYS)
    club = lively(0, 0, 0)
    first = since.replace(day=1, hour=0, minute=0)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(seconds=1)
    for at in (first, since - timedelta(seconds=1), since, last, moment(now)):
        review(entry(club, at=LONG_AGO).book, club=club, at=at)
    assert [row["activity"] for row in activity.most_active_clubs(1)] == [
        sum(at >= since for at in (first, since - timedelta(seconds=1), since, last, moment(now)))
    ]


def test_of_equally_active_clubs_the_elder_is_shown() -> None:
    first, second = lively(0, 0, 1), of_old(members=2, moves=0)
    MembershipFactory(club=second, joined_at=NOW)
    assert [row["slug"] for row in activity.most_active_clubs(1)] == [first.slug]


def test_one_batch_is_enough_where_no_other_club_can_be_shown(
    monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(activity, "CLUBS_AT_FIRST", 2)
    best = lively(3, 3, 3)
    for _ in range(4):
        lively(1, 0, 0)
    with django_assert_num_queries(4):
        assert [row["slug"] for row in activity.most_active_clubs(1)] == [best.slug]
