"""The rating columns always equal a recount."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from bookbridge.kernel.errors import Missing
from clubs.books.models import Book
from clubs.books.ratings import STAR_COLUMNS, mean_stars, star_column
from clubs.books.services import record_ratings, set_ratings
from clubs.books.tests.factories import BookFactory


def columns_of(book: Book) -> dict[str, int]:
    return Book.objects.values("rating_count", "rating_sum", *STAR_COLUMNS).get(pk=book.pk)


def recount(ratings: Counter[int]) -> dict[str, int]:
    return {
        "rating_count": ratings.total(),
        "rating_sum": sum(ratings.elements()),
    } | {star_column(half_stars): ratings[half_stars] for half_stars in range(1, 11)}


def test_half_stars_have_their_columns() -> None:
    assert [star_column(number) for number in (1, 9, 10)] == ["stars_05", "stars_45", "stars_50"]
    assert len(set(STAR_COLUMNS)) == 10
    for number in (0, 11, -1):
        with pytest.raises(ValueError, match="half stars"):
            star_column(number)


@pytest.mark.parametrize(
    ("ratings", "mean"),
    [
        ([], None),
        ([9], 4.5),
        ([10, 9], 4.75),
        ([10, 9, 9], 4.67),
        ([1, 1, 2], 0.67),
        ([1] * 7 + [2], 0.56),  # 0.5625
        ([9] * 3 + [6], 4.13),  # 4.125, which binary rounding would make 4.12
    ],
)
def test_a_mean_has_two_decimals_and_rounds_halves_up(
    ratings: list[int], mean: float | None
) -> None:
    assert mean_stars(len(ratings), sum(ratings)) == mean


@given(st.lists(st.integers(1, 10), min_size=1))
def test_a_mean_is_the_mean(ratings: list[int]) -> None:
    mean = mean_stars(len(ratings), sum(ratings))
    assert mean is not None
    assert abs(mean - sum(ratings) / 2 / len(ratings)) <= 0.005 + 1e-9
    assert 0.5 <= mean <= 5


@pytest.mark.django_db
class TestColumns:
    def test_they_follow_every_change(self) -> None:
        book, kept = BookFactory(), Counter[int]()
        steps: list[tuple[list[int], list[int]]] = [
            ([9, 9, 1], []),
            ([10], [1]),
            ([], [9]),
            ([2, 2, 2], [2]),
            ([], [10]),
        ]
        for added, removed in steps:
            record_ratings(book_id=book.pk, added=added, removed=removed)
            kept.update(added)
            kept.subtract(removed)
            assert columns_of(book) == recount(kept)

    def test_a_change_is_one_statement(self, django_assert_num_queries: Any) -> None:
        book = BookFactory()
        with django_assert_num_queries(1):
            record_ratings(book_id=book.pk, added=[9, 8], removed=[])
        with django_assert_num_queries(0):
            record_ratings(book_id=book.pk, added=[9], removed=[9])

    def test_it_is_no_edit_of_the_book(self) -> None:
        book = BookFactory()
        record_ratings(book_id=book.pk, added=[9], removed=[])
        version = Book.objects.values_list("version", flat=True).get(pk=book.pk)
        assert version == 1

    def test_more_cannot_be_taken_out_than_is_there(self) -> None:
        book = BookFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            record_ratings(book_id=book.pk, removed=[9])

    def test_a_book_that_is_not_there_is_missing(self) -> None:
        with pytest.raises(Missing):
            record_ratings(book_id=1, added=[9])
        with pytest.raises(Missing):
            set_ratings(book_id=1, histogram={})

    def test_a_recount_heals(self) -> None:
        book = BookFactory()
        record_ratings(book_id=book.pk, added=[3, 3], removed=[])
        assert set_ratings(book_id=book.pk, histogram={9: 2, 1: 1})
        assert columns_of(book) == recount(Counter([9, 9, 1]))
        assert not set_ratings(book_id=book.pk, histogram={9: 2, 1: 1})

    def test_the_weighted_mean_starts_from_ten_times_three_and_a_half(self) -> None:
        book = BookFactory()
        record_ratings(book_id=book.pk, added=[10, 10], removed=[])
        book.refresh_from_db()
        assert book.weighted_mean == pytest.approx((10 * 3.5 + 10) / 12)
