"""The kept months equal a recount after everything that changes what counts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.membership.services import delete_club, edit_club
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.models import Club
from clubs.reading.tests.factories import EntryFactory
from reviews import services
from reviews.models import Review, ReviewMonth
from reviews.moderation.merging import merge_books
from reviews.months import (
    by_month,
    month_of,
    of_club,
    part_of,
    rebuild_months,
    record_months,
    settle_clubs,
    settle_months,
    settle_parts,
)
from reviews.personal_data import erase
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db
LONG_AGO = date(2000, 1, 1)


def kept() -> dict[tuple[int, date], int]:
    rows = ReviewMonth.objects.exclude(number=0)
    return {(row.of, row.month): row.number for row in rows}


def in_club(club: Club) -> int:
    return sum(number for (of, _month), number in kept().items() if of == of_club(club.pk))


def right() -> bool:
    """Whether what is kept equals a recount, told in another way than by the recount itself."""
    counted: Counter[tuple[int, date]] = Counter()
    for review in Review.objects.counted().filter(undated=False):
        month = month_of(review.created_at)
        counted[review.book_id, month] += 1
        counted[part_of(review.book_id), month] += 1
    for review in Review.objects.counted().filter(club__isnull=False):
        counted[of_club(review.club_id), month_of(review.created_at)] += 1
    return kept() == dict(counted) and not list(wrong_months())


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime.fromisoformat("2026-02-01T01:00:00+02:00"), date(2026, 1, 1)),
        (datetime.fromisoformat("2025-12-31T22:00:00-03:00"), date(2026, 1, 1)),
        ("2026-01-31 23:59:59.999999", date(2026, 1, 1)),
    ],
)
def test_months_are_those_of_utc(moment: Any, month: date) -> None:
    assert month_of(moment) == month


def test_every_service_keeps_them_right() -> None:
    owner, ana = UserFactory(), UserFactory()
    club = ClubFactory(owner=owner)
    member_of(club, ana)
    book, other = BookFactory(), BookFactory()
    EntryFactory(club=club, book=book, status="reading", started_on=date(2026, 10, 1))
    first = services.publish_review(by=ana, book=book, rating=9)
    services.publish_review(by=owner, book=book, rating=4, club=club)
    services.publish_review(by=owner, book=other, rating=7)
    assert sum(by_month(book_id=book.pk, since=LONG_AGO).values()) == 2
    assert sum(by_month(book_id=None, since=LONG_AGO).values()) == 3
    assert right()
    services.edit_review(review=first, by=ana, changes={"rating": 3})
    assert in_club(club) == 1
    services.edit_review(review=first, by=ana, changes={"club": club})
    assert in_club(club) == 2
    assert right()
    services.hide_review(review=first, by=None, reason="x")
    assert sum(by_month(book_id=book.pk, since=LONG_AGO).values()) == 1
    assert right()
    services.show_review(review=first, by=None, reason="x")
    edit_club(club=club, by=owner, changes={"visibility": "private"})
    assert in_club(club) == 0
    assert sum(by_month(book_id=book.pk, since=LONG_AGO).values()) == 0
    assert right()
    services.edit_review(review=first, by=ana, changes={"club": None})
    assert right()
    edit_club(club=club, by=owner, changes={"visibility": "public"}, confirm_visibility=True)
    assert right()
    assert in_club(club) == 1
    delete_club(club=club, by=owner)
    assert in_club(club) == 0
    assert right()
    services.delete_review(review=first, by=ana)
    assert right()
    erase(owner)
    assert right()
    assert kept() == {}


def test_a_review_that_changes_its_club_is_counted_there() -> None:
    ana, book = UserFactory(), BookFactory()
    first, second = ClubFactory(), ClubFactory()
    for club in (first, second):
        member_of(club, ana)
        EntryFactory(club=club, book=book, status="reading", started_on=date(2026, 10, 1))
    review = services.publish_review(by=ana, book=book, rating=9, club=first)
    services.edit_review(review=review, by=ana, changes={"club": second})
    assert (in_club(first), in_club(second)) == (0, 1)
    assert right()
    services.delete_review(review=review, by=ana)
    assert in_club(second) == 0
    assert right()


def test_a_merge_moves_them() -> None:
    book, into, both = BookFactory(), BookFactory(), UserFactory()
    for at in (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)):
        ReviewFactory(book=book, created_at=at)
        ReviewFactory(book=into, created_at=at)
    club = ClubFactory()
    earlier = datetime(2026, 3, 5, tzinfo=UTC)
    ReviewFactory(book=book, author=both, created_at=earlier, club=club)
    ReviewFactory(book=book, created_at=earlier, club=club)
    ReviewFactory(book=into, author=both, created_at=datetime(2026, 4, 5, tzinfo=UTC))
    merge_books(book_id=book.pk, into_id=into.pk, by=None)
    assert right()
    assert by_month(book_id=into.pk, since=LONG_AGO) == {
        date(2026, 1, 1): 2,
        date(2026, 2, 1): 2,
        date(2026, 3, 1): 1,
        date(2026, 4, 1): 1,
    }
    assert in_club(club) == 1


def test_what_nobody_can_date_is_in_no_month_but_of_its_club() -> None:
    ReviewFactory(undated=True)
    assert kept() == {}
    club = ClubFactory()
    ReviewFactory(undated=True, club=club)
    assert in_club(club) == 1
    assert right()


def test_wrong_numbers_are_found_and_settled() -> None:
    review = ReviewFactory()
    ReviewMonth.objects.update(number=5)
    record_months({(review.book_id, date(1999, 1, 1)): 2})
    assert {row["id"] for row in wrong_months()} == {review.book_id, part_of(review.book_id)}
    settle_months([review.book_id])
    settle_parts()
    assert right()
    club = ReviewFactory(club=ClubFactory()).club
    ReviewMonth.objects.filter(of=of_club(club.pk)).update(number=5)
    assert {row["id"] for row in wrong_months()} == {of_club(club.pk)}
    settle_clubs([club.pk])
    assert right()
    ReviewMonth.objects.all().delete()
    assert len(list(wrong_months())) in (4, 5), "of two books, their parts, and a club"
    rebuild_months()
    assert right()


@pytest.mark.parametrize("number", [1, 40])
def test_any_number_of_changes_is_one_statement(number: int) -> None:
    changes = {(book, date(2026, 5, 1)): 1 for book in range(1, number + 1)}
    with CaptureQueriesContext(connection) as asked:
        record_months(changes)
    assert len(asked) == 1
    assert by_month(book_id=None, since=LONG_AGO) == {date(2026, 5, 1): number}
    record_months(dict.fromkeys(changes, -1))
    assert kept() == {}
