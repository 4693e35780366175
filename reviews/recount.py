"""Counting reviews anew, to find and heal what may have gone wrong with the kept numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, QuerySet

from clubs.books.ratings import STAR_COLUMNS
from clubs.books.services import set_ratings
from clubs.models import Book
from reviews.models import Review

Histogram = dict[int, int]
BATCH = 1_000


@dataclass(frozen=True)
class Difference:
    """Aggregates of a book that do not equal a recount; histograms by half stars."""

    book_id: int
    kept_count: int
    kept_sum: int
    kept: Histogram
    counted: Histogram


def recount_books(book_ids: Iterable[int] | None = None, *, heal: bool = False) -> list[Difference]:
    """Compare the aggregates of books (all, or those named) with their reviews.

    Safe while others write: a suspect is counted again under the lock of its row. With `heal`
    the recount is written.
    """
    found = []
    for batch in _batches(book_ids):
        for book_id in _suspects(batch):
            difference = _settle(book_id, heal=heal)
            if difference is not None:
                found.append(difference)
    return found


def recount_likes(*, heal: bool = False) -> list[tuple[int, int, int]]:
    """Reviews whose count of likes is wrong: (review, kept, counted)."""
    counted = Review.objects.annotate(counted=Count("likes"))
    found = []
    suspects = counted.exclude(likes_count=F("counted")).order_by("pk").values_list("pk", flat=True)
    for review_id in list(suspects):
        with transaction.atomic():
            row = Review.objects.select_for_update(no_key=True).filter(pk=review_id).first()
            right = 0 if row is None else row.likes.count()
            if row is None or row.likes_count == right:
                continue
            found.append((review_id, row.likes_count, right))
            if heal:
                Review.objects.filter(pk=review_id).update(likes_count=right)
    return found


def _batches(book_ids: Iterable[int] | None) -> Iterator[list[int]]:
    """Keys of books, in order, so many at a time."""
    if book_ids is not None:
        wanted = sorted(set(book_ids))
        yield from (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))
        return
    after = 0
    while batch := list(
        Book.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        yield batch
        after = batch[-1]


def _suspects(batch: list[int]) -> list[int]:
    """Books of the batch whose numbers differ at first sight."""
    books = Book.objects.filter(pk__in=batch)
    kept = _kept(books)
    counted = _counted(batch)
    return [key for key in batch if key in kept and _differ(*kept[key], counted.get(key, {}))]


def _settle(book_id: int, *, heal: bool) -> Difference | None:
    """What is wrong with one book for certain."""
    with transaction.atomic():
        book = Book.objects.select_for_update(no_key=True).filter(pk=book_id)
        kept = _kept(book).get(book_id)
        counted = _counted([book_id]).get(book_id, {})
        if kept is None or not _differ(*kept, counted):
            return None
        if heal:
            set_ratings(book_id=book_id, histogram=counted)
        count, total, histogram = kept
        return Difference(book_id, count, total, histogram, counted)


def _kept(books: QuerySet[Book]) -> dict[int, tuple[int, int, Histogram]]:
    rows = books.values_list("pk", "rating_count", "rating_sum", *STAR_COLUMNS)
    return {
        key: (count, total, {stars: n for stars, n in enumerate(numbers, start=1) if n})
        for key, count, total, *numbers in rows
    }


def _counted(batch: list[int]) -> dict[int, Histogram]:
    histograms: dict[int, Histogram] = defaultdict(dict)
    rows = Review.objects.filter(book__in=batch).counted().order_by()
    for book_id, rating, number in rows.values_list("book_id", "rating").annotate(n=Count("pk")):
        histograms[book_id][rating] = number
    return histograms


def _differ(count: int, total: int, kept: Histogram, counted: Histogram) -> bool:
    right_sum = sum(stars * number for stars, number in counted.items())
    return (count, total, kept) != (sum(counted.values()), right_sum, counted)
