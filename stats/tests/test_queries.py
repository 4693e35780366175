"""The numbers of all four statistics, against worlds small enough to count by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from clubs.membership.tests.factories import ClubFactory, MembershipFactory
from clubs.models import Club, Membership
from stats import queries
from stats.months import MONTHS_SHOWN, Months
from stats.tests.world import NOW, book, entry, moment, move, of_month, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


# -- months -----------------------------------------------------------------------------


def test_months_end_with_the_current_one_of_the_zone() -> None:
    from zoneinfo import ZoneInfo

    assert Months.until(NOW).names[0] == "2024-12"
    assert Months.until(NOW).names[-1] == "2026-11"
    new_year = moment("2027-01-01 01:00")
    assert Months.until(new_year, ZoneInfo("America/Sao_Paulo")).names[-1] == "2026-12"


def test_a_zone_that_is_not_known_counts_as_utc() -> None:
    club = ClubFactory(time_zone="Moon/Tranquility")
    assert len(queries.club_figures(club.pk)["by_month"]) == MONTHS_SHOWN


# -- the site ---------------------------------------------------------------------------


def test_an_empty_platform() -> None:
    figures = queries.site_figures()
    assert len(figures["by_month"]) == 24
    assert all(row["reviews"] == row["books_finished"] == 0 for row in figures.pop("by_month"))
    assert figures == {
        "readers": 0,
        "clubs": 0,
        "books": 0,
        "reviews": 0,
        "mean_books_finished_per_club": 0.0,
        "mean_rating": None,
        "top_books": [],
        "most_active_clubs": [],
    }


def test_the_site_in_numbers() -> None:
    first, second = ClubFactory(), ClubFactory()
    archived = ClubFactory(archived=True)
    loved, liked, unrated = book("Loved"), book("Liked"), book("Unrated")
    entry(first, loved, finished_on=date(2026, 11, 2))
    entry(first, liked, finished_on=date(2026, 10, 31))
    entry(second, loved, finished_on=date(2024, 11, 30))
    entry(second, unrated, "reading")
    entry(archived, loved, finished_on=date(2026, 11, 3))
    for rating in (10, 10, 9):
        review(loved, rating, at=moment("2026-11-01 00:00"))
    review(liked, 7, at=moment("2026-10-31 23:59"))
    review(liked, 8, at=moment("2024-11-30 23:59"))

    figures = queries.site_figures()

    assert figures["readers"] == User.objects.count()
    assert figures["clubs"] == 3
    assert figures["books"] == 3
    assert figures["reviews"] == 5
    assert figures["mean_rating"] == 4.4
    assert figures["mean_books_finished_per_club"] == 1.5
    author = loved.authors.get()
    assert figures["top_books"] == [
        {
            "id": loved.pk,
            "title": "Loved",
            "authors": [{"id": author.pk, "name": "Machado de Assis"}],
            "rating_average": 4.83,
            "rating_count": 3,
            "weighted_mean": 3.81,
        },
        {
            "id": liked.pk,
            "title": "Liked",
            "authors": [{"id": author.pk, "name": "Machado de Assis"}],
            "rating_average": 3.75,
            "rating_count": 2,
            "weighted_mean": 3.54,
        },
    ]
    assert of_month(figures, "2026-11") == {"month": "2026-11", "reviews": 3, "books_finished": 2}
    assert of_month(figures, "2026-10") == {"month": "2026-10", "reviews": 1, "books_finished": 1}
    assert sum(row["reviews"] for row in figures["by_month"]) == 4


def test_ten_top_books_at_most() -> None:
    for rating in [10, 9] * 6:
        review(book(), rating)
    top = queries.site_figures()["top_books"]
    assert [found["rating_average"] for found in top] == [5.0] * 6 + [4.5] * 4


def test_the_most_active_clubs_of_the_last_ninety_days() -> None:
    quiet, busy, long_ago = ClubFactory(), ClubFactory(), ClubFactory()
    ClubFactory(archived=True)
    Membership.objects.update(joined_at=NOW - timedelta(days=91))
    MembershipFactory(club=quiet, joined_at=NOW - timedelta(days=89))
    MembershipFactory(club=busy, state="left")
    read = entry(busy)
    move(read, "reading", before="finished")
    review(read.book, club=busy, at=NOW)
    review(read.book, club=busy, at=NOW, hidden=True)
    review(read.book, at=NOW)
    entry(long_ago, at=NOW - timedelta(days=100))

    assert queries.site_figures()["most_active_clubs"] == [
        {"slug": busy.slug, "name": busy.name, "members_count": 1, "activity": 3},
        {"slug": quiet.slug, "name": quiet.name, "members_count": 2, "activity": 1},
    ]


@pytest.mark.parametrize("visibility", ["private", "hidden"])
def test_what_is_not_public_leaves_no_trace_in_shared_numbers(visibility: str) -> None:
    reader, seen = UserFactory(), book()
    club = ClubFactory(owner=reader, **{visibility: True})
    everything = lambda: [  # noqa: E731
        queries.site_figures(),
        queries.book_figures(seen.pk),
        queries.reader_figures(reader.username),
    ]
    Club.objects.filter(pk=club.pk).update(visibility="hidden", join_policy="invite")
    before = everything()
    Club.objects.filter(pk=club.pk).update(visibility=visibility)
    entry(club, seen)
    review(seen, by=reader, club=club)
    assert everything() == before


def test_hidden_reviews_and_those_of_readers_who_left_do_not_count() -> None:
    seen = book()
    review(seen, hidden=True)
    review(seen, by=UserFactory(erased=True))
    assert queries.site_figures()["reviews"] == 0
    assert sum(row["reviews"] for row in queries.site_figures()["by_month"]) == 0
    assert queries.book_figures(seen.pk)["rating_count"] == 0
    assert sum(row["reviews"] for row in queries.book_figures(seen.pk)["by_month"]) == 0
