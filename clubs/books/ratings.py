"""The rating columns of a book: count, sum and histogram, in half stars from 1 to 10.

Nothing else writes them. Whoever writes a review calls in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from bookbridge.kernel.compiled import answer_of
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.updating import step
from clubs.books.models import HALF_STARS, Book

#: Values of one statement are limited: SQLite takes 32,766.
BOOKS_AT_ONCE = 1_000


def star_column(half_stars: int) -> str:
    """The column that counts ratings of so many half stars: 9 is `stars_45`.

    Raises:
        ValueError: not 1 to 10.
    """
    if half_stars not in HALF_STARS:
        raise ValueError(f"{half_stars!r} is no rating in half stars")
    return f"stars_{half_stars * 5:02d}"


#: The columns of the histogram, from half a star to five.
STAR_COLUMNS = tuple(star_column(half_stars) for half_stars in HALF_STARS)


def mean_stars(count: int, total: int) -> float | None:
    """The mean in stars with two decimals, halves rounded up; None without ratings.

    Arguments:
        count: how many ratings there are.
        total: their sum, in half stars.
    """
    return (100 * total + count) // (2 * count) / 100 if count else None


def record_ratings(*, book_id: int, added: Iterable[int] = (), removed: Iterable[int] = ()) -> None:
    """Count ratings in and out of a book's aggregates, in one statement.

    To be called in the transaction of the review. A changed rating is removed and added. The
    statement locks the book's row, so that no two writers lose an update.

    Arguments:
        added, removed: ratings in half stars, 1 to 10.

    Raises:
        Missing: `not_found`, there is no such book.
    """
    change = Counter(added)
    change.subtract(Counter(removed))
    steps = {half_stars: number for half_stars, number in change.items() if number}
    if not steps:
        return
    columns = {star_column(half_stars): number for half_stars, number in steps.items()}
    columns["rating_count"] = sum(steps.values())
    columns["rating_sum"] = sum(half_stars * number for half_stars, number in steps.items())
    if not step(Book, book_id, **columns):
        raise Missing()


def enter_rating(*, book_id: int, rating: int, by_id: int, now: datetime) -> str:
    """Count a new rating in, lock the book, and note that others use it; gives its title.

    One statement at the start of the transaction of a review that counts: `record_ratings` and
    `mark_shared` in one.

    Arguments:
        rating: in half stars, 1 to 10.
        by_id: who reviews; if another reader added the book, it is theirs to edit no longer.

    Raises:
        Missing: `not_found`, there is no such book.
    """
    column = star_column(rating)
    rows, _number = answer_of(
        connection,
        f"UPDATE clubs_book SET {column} = {column} + 1, "  # noqa: S608
        "rating_count = rating_count + 1, rating_sum = rating_sum + %s, "
        "shared_at = CASE WHEN shared_at IS NULL AND added_by_id <> %s "
        "THEN %s ELSE shared_at END WHERE id = %s RETURNING title",
        [rating, by_id, connection.ops.adapt_datetimefield_value(now), book_id],
    )
    if not rows:
        raise Missing()
    return str(rows[0][0])


def set_ratings(*, book_id: int, histogram: Mapping[int, int]) -> bool:
    """Write a recount: how many ratings there are of each number of half stars.

    For the command that heals aggregates, under a lock of the book's row that it holds.
    Gives whether anything was different.

    Raises:
        Missing: `not_found`, there is no such book.
        ValueError: a key is not 1 to 10.
    """
    columns = dict.fromkeys(STAR_COLUMNS, 0)
    for half_stars, number in histogram.items():
        columns[star_column(half_stars)] = number
    columns["rating_count"] = sum(histogram.values())
    columns["rating_sum"] = sum(stars * number for stars, number in histogram.items())
    kept = Book.objects.filter(pk=book_id).values(*columns).first()
    if kept is None:
        raise Missing()
    if kept == columns:
        return False
    Book.objects.filter(pk=book_id).update(**columns)
    return True


def record_many(changes: Mapping[int, Mapping[int, int]]) -> None:
    """Count many ratings of many books in or out, in one statement for a thousand books.

    To be called in the transaction of the reviews, for books whose rows it has locked.

    Arguments:
        changes: by key of a book, how many more (or less) ratings there are of each number of
            half stars.
    """
    wanted = sorted(changes.items())
    for start in range(0, len(wanted), BOOKS_AT_ONCE):
        _record_batch(wanted[start : start + BOOKS_AT_ONCE])


def _record_batch(changes: Sequence[tuple[int, Mapping[int, int]]]) -> None:
    rows: list[int] = []
    for book_id, steps in changes:
        total = sum(half_stars * step for half_stars, step in steps.items())
        rows += [book_id, *(steps.get(half_stars, 0) for half_stars in HALF_STARS)]
        rows += [sum(steps.values()), total]
    columns = (*STAR_COLUMNS, "rating_count", "rating_sum")
    row = f"({', '.join(['%s'] * (len(columns) + 1))})"
    # What is put in are names of columns and placeholders.
    sql = f"""
        WITH step (book_id, {", ".join(columns)}) AS (VALUES {", ".join([row] * len(changes))})
        UPDATE clubs_book
        SET {", ".join(f"{name} = clubs_book.{name} + step.{name}" for name in columns)}
        FROM step WHERE clubs_book.id = step.book_id
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, rows)
