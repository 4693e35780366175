"""Counting reviews in and out: of the numbers of their books, and of the months.

Called in the transaction of the review, under the locks of its book and its club.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from clubs.books.services import record_many
from reviews.models import Review
from reviews.months import month_of, record_months

#: Key of the book, rating in half stars, when it was written, whether nobody knows, the club.
Counted = tuple[int, int, datetime, bool, int | None]
COLUMNS = ("book_id", "rating", "created_at", "undated", "club_id")


def count_in(review: Review) -> None:
    """Count a review that counts from now on."""
    count_many([counted_of(review)], 1)


def count_out(review: Review) -> None:
    """Count a review no longer."""
    count_many([counted_of(review)], -1)


def count_many(reviews: Iterable[Counted], step: int) -> None:
    """Count many reviews in (1) or out (-1), in two statements for any number of books."""
    ratings: dict[int, Counter[int]] = defaultdict(Counter)
    months: Counter[tuple[int, date]] = Counter()
    in_clubs: Counter[tuple[int, date]] = Counter()
    for book_id, rating, written, undated, club_id in reviews:
        ratings[book_id][rating] += step
        if not undated:
            months[book_id, month_of(written)] += step
        if club_id is not None:
            in_clubs[club_id, month_of(written)] += step
    record_many(ratings)
    record_months(months, in_clubs)


def counted_of(review: Review) -> Counted:
    """What is counted of a review at hand."""
    return review.book_id, review.rating, review.created_at, review.undated, review.club_id
