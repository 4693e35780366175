"""The numbers of a club, a book and a reader, and what a cold answer costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import Missing
from clubs.membership.tests.factories import ClubFactory, MembershipFactory
from clubs.models import Membership
from stats import queries
from stats.queries import club as club_queries
from stats.tests.world import NOW, book, entry, moment, of_month, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


# -- clubs ------------------------------------------------------------------------------


@pytest.mark.parametrize("lookups_from", [0, 8])
def test_a_club_in_numbers(monkeypatch: pytest.MonkeyPatch, lookups_from: int) -> None:
    monkeypatch.setattr(club_queries, "LOOKUPS_FROM", lookups_from)
    club = ClubFactory(private=True, time_zone="America/Sao_Paulo")
    member, stranger = MembershipFactory(club=club).reader, UserFactory()
    former = MembershipFactory(club=club, state="left", joined_at=NOW).reader
    Membership.objects.update(joined_at=moment("2026-10-01 02:59"))
    short, long, current = book(page_count=100), book(page_count=250), book(page_count=50)
    done = entry(club, short, started_on=date(2026, 9, 1), finished_on=date(2026, 9, 15))
    again = entry(club, long, "reading", started_on=date(2026, 11, 1), finished_on="2026-01-31")
    going = entry(club, current, "reading", started_on=date(2026, 11, 5))
    entry(club, book(), finished_on=date(2023, 1, 1))
    review(short, 10, by=member, club=club, at=moment("2026-11-01 02:00"))
    review(short, 4, by=stranger)
    review(short, 2, by=former)
    review(long, 8, by=member)
    review(current, 6, by=member, hidden=True)
    review(book(), 2, by=member)

    figures = queries.club_figures(club.pk)

    assert figures["members"] == 2
    assert figures["books_finished"] == 3
    assert figures["pages_read"] == 350
    assert figures["by_status"] == {
        "proposed": 0,
        "planned": 0,
        "reading": 2,
        "finished": 2,
        "dropped": 0,
    }
    assert figures["completion"][:3] == [
        {
            "entry": done.pk,
            "book": short.pk,
            "title": short.title,
            "status": "finished",
            "started_on": "2026-09-01",
            "finished_on": "2026-09-15",
            "days": 14,
        },
        {
            "entry": again.pk,
            "book": long.pk,
            "title": long.title,
            "status": "reading",
            "started_on": "2026-11-01",
            "finished_on": "2026-01-31",
            "days": None,
        },
        {
            "entry": going.pk,
            "book": current.pk,
            "title": current.title,
            "status": "reading",
            "started_on": "2026-11-05",
            "finished_on": None,
            "days": None,
        },
    ]
    assert figures["ratings"] == {
        "books": 2,
        "club_average": 4.5,
        "club_count": 2,
        "everybody_average": 2.33,
        "everybody_count": 3,
    }
    # Midnight is at three in the morning UTC.
    assert of_month(figures, "2026-10")["reviews"] == 1
    assert of_month(figures, "2026-09")["members_joined"] == 2
    assert of_month(figures, "2026-09")["books_finished"] == 1
    assert of_month(figures, "2026-01")["books_finished"] == 1


def test_an_empty_club() -> None:
    figures = queries.club_figures(ClubFactory().pk)
    assert figures["completion"] == []
    assert figures["pages_read"] == figures["books_finished"] == 0
    assert figures["ratings"]["club_average"] is None
    assert figures["ratings"]["everybody_average"] is None


def test_a_review_of_another_private_club_does_not_show_in_a_club() -> None:
    other, club = ClubFactory(private=True), ClubFactory()
    member = MembershipFactory(club=club).reader
    read = entry(club).book
    review(read, 2, by=member, club=other)
    assert queries.club_figures(club.pk)["ratings"]["club_count"] == 0
    for _ in range(20):
        review(read)
    assert queries.club_figures(club.pk)["ratings"]["club_count"] == 0


def test_a_club_that_is_gone_is_missing() -> None:
    with pytest.raises(Missing):
        queries.club_figures(4711)


# -- books ------------------------------------------------------------------------------


def test_a_book_in_numbers() -> None:
    seen = book()
    small, large = ClubFactory(), ClubFactory()
    MembershipFactory(club=large)
    entry(small, seen, "reading")
    entry(large, seen)
    entry(ClubFactory(), seen, "proposed")
    entry(ClubFactory(), seen, "dropped", finished_on=date(2026, 1, 1))
    for rating in (10, 9, 9):
        review(seen, rating, at=moment("2026-11-03 10:00"))

    figures = queries.book_figures(seen.pk)

    assert figures["rating_count"] == 3
    assert figures["rating_average"] == 4.67
    assert figures["weighted_mean"] == 3.77
    assert list(figures["histogram"]) == [
        "0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0",
    ]  # fmt: skip
    assert {stars: n for stars, n in figures["histogram"].items() if n} == {"4.5": 2, "5.0": 1}
    assert figures["clubs_count"] == 3
    assert figures["clubs"][0] == {"slug": large.slug, "name": large.name, "status": "finished"}
    assert {"slug": small.slug, "name": small.name, "status": "reading"} in figures["clubs"]
    assert of_month(figures, "2026-11")["reviews"] == 3


def test_a_book_without_ratings() -> None:
    figures = queries.book_figures(book().pk)
    assert figures["rating_average"] is None
    assert figures["weighted_mean"] == 3.5
    assert figures["clubs"] == []


def test_a_book_that_is_not_there_is_missing() -> None:
    with pytest.raises(Missing):
        queries.book_figures(4711)


# -- readers ----------------------------------------------------------------------------


def test_a_reader_in_numbers() -> None:
    reader = UserFactory(username="ana")
    club = ClubFactory(private=True, owner=reader)
    review(book(page_count=300), 9, by=reader, at=moment("2026-11-01 00:00"))
    review(book(page_count=200), 10, by=reader, at=moment("2025-12-31 23:59"))
    review(book(), 10, by=reader, at=moment("2021-05-01 10:00"))
    review(book(page_count=400), 1, by=reader, club=club, at=moment("2026-11-02 00:00"))

    figures = queries.reader_figures("ana")

    assert figures["books_reviewed"] == 3
    assert figures["pages_reviewed"] == 500
    assert figures["mean_rating"] == 4.83
    assert {stars: n for stars, n in figures["ratings"].items() if n} == {"4.5": 1, "5.0": 2}
    assert of_month(figures, "2026-11")["reviews"] == 1
    assert sum(row["reviews"] for row in figures["by_month"]) == 2
    assert figures["by_year"] == [
        {"year": 2021, "reviews": 1, "pages": 0},
        {"year": 2025, "reviews": 1, "pages": 200},
        {"year": 2026, "reviews": 1, "pages": 300},
    ]
    own = queries.own_figures(reader.pk)
    assert own["books_reviewed"] == 4
    assert own["pages_reviewed"] == 900
    assert own["ratings"]["0.5"] == 1


def test_a_reader_without_reviews() -> None:
    figures = queries.reader_figures(UserFactory().username)
    assert figures["books_reviewed"] == 0
    assert figures["mean_rating"] is None
    assert figures["by_year"] == []


def test_readers_who_left_are_missing() -> None:
    with pytest.raises(Missing):
        queries.reader_figures(UserFactory(erased=True).username)
    with pytest.raises(Missing):
        queries.reader_figures("nobody-of-this-name")


# -- cost -------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 20])
def test_a_cold_answer_costs_a_fixed_number_of_statements(
    rows: int, django_assert_num_queries: Any
) -> None:
    club, reader, seen = ClubFactory(), UserFactory(), book()
    for _ in range(rows):
        on_list = entry(club)
        review(on_list.book, by=reader, club=club)
        review(seen, by=MembershipFactory(club=club).reader)
        entry(ClubFactory(), seen)
    with django_assert_num_queries(11):
        queries.site_figures()
    with django_assert_num_queries(8):
        queries.club_figures(club.pk)
    with django_assert_num_queries(4):
        queries.book_figures(seen.pk)
    with django_assert_num_queries(4):
        queries.reader_figures(reader.username)
    with django_assert_num_queries(3):
        queries.own_figures(reader.pk)
