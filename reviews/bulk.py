"""Many ratings at once, from a table of the database into reviews and the numbers of books.

For imports and large demos. The table has one row for each reader and book: `book_id`,
`reader_id`, `rating` in half stars and `rated_at`, null where no date is known. The authors are
imported readers, whose reviews nobody else writes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.transactions import transactional
from clubs.books.services import mark_many_shared, record_many
from clubs.models import Book
from reviews.models import Review
from reviews.months import month_of, record_months

#: Columns whose values come from the table.
_FROM_TABLE = {
    "book_id": "staged.book_id",
    "author_id": "staged.reader_id",
    "rating": "staged.rating",
}
#: A known review gives way to a younger one, or to any when nobody knows how old it is.
_CHANGED = """(
    (review.undated AND (review.rating <> staged.rating OR staged.rated_at IS NOT NULL))
    OR (NOT review.undated AND review.rating <> staged.rating
        AND staged.rated_at >= review.created_at)
)"""


@dataclass(frozen=True)
class Published:
    """How many reviews one batch brought, and how many it changed."""

    added: int
    changed: int


@transactional
def publish_from(table: str, *, first_book: int, last_book: int) -> Published:
    """Bring the ratings of the books from `first_book` to `last_book` into reviews.

    One transaction, safe to repeat: what is here already changes nothing. `table` is the name
    of a table, never what somebody typed.
    """
    bounds = [first_book, last_book]
    # Whoever reviews one of these books waits: books before reviews, in the order of keys.
    locked = Book.objects.filter(pk__range=bounds).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))
    steps: dict[int, Counter[int]] = defaultdict(Counter)
    months: Counter[tuple[int, date]] = Counter()
    changed = _change(table, bounds, steps, months)
    added = _add(table, bounds, steps, months)
    record_many({book_id: step for book_id, step in steps.items() if any(step.values())})
    record_months(months)
    mark_many_shared(book_ids={book_id for book_id, _rating in added})
    if added or changed:
        announce("review", by_id=None)
    return Published(sum(added.values()), changed)


def count_from(table: str) -> Published:
    """What `publish_from` would do with all books, without doing it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(review.id), coalesce(sum(CASE WHEN {_CHANGED} THEN 1 END), 0) "  # noqa: S608
            f"FROM {table} staged LEFT JOIN reviews_review review "
            "ON review.author_id = staged.reader_id AND review.book_id = staged.book_id"
        )
        rows, known, changed = cursor.fetchone()
    return Published(rows - known, changed)


def _change(
    table: str,
    bounds: list[int],
    steps: dict[int, Counter[int]],
    months: Counter[tuple[int, date]],
) -> int:
    """Write the reviews that say something else now; note what changes in the numbers."""
    # The bounds twice: no database should read all reviews for some books.
    joined = (
        f"FROM {table} staged JOIN reviews_review review "
        "ON review.author_id = staged.reader_id AND review.book_id = staged.book_id "
        "AND review.book_id BETWEEN %s AND %s "
        f"WHERE staged.book_id BETWEEN %s AND %s AND {_CHANGED}"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT review.id, staged.rating, staged.rated_at {joined}", [*bounds, *bounds]
        )
        new = {review_id: (rating, rated_at) for review_id, rating, rated_at in cursor.fetchall()}
        if not new:
            return 0
        counted = Review.objects.filter(pk__in=new).counted().order_by()
        for review_id, book_id, rating, undated in counted.values_list(
            "pk", "book_id", "rating", "undated"
        ):
            new_rating, rated_at = new[review_id]
            steps[book_id][rating] -= 1
            steps[book_id][new_rating] += 1
            if undated and rated_at is not None:  # from now on it is known when it was written
                months[book_id, month_of(rated_at)] += 1
        now = _moment(timezone.now())
        # The condition is met by the rows read above: their books are locked.
        cursor.execute(
            "UPDATE reviews_review SET rating = found.rating, version = version + 1, "  # noqa: S608
            "updated_at = %s, edited_at = CASE WHEN reviews_review.rating <> found.rating "
            "THEN COALESCE(found.rated_at, %s) ELSE edited_at END, "
            "created_at = CASE WHEN undated THEN COALESCE(found.rated_at, created_at) "
            "ELSE created_at END, "
            "undated = CASE WHEN found.rated_at IS NULL THEN undated ELSE %s END "
            f"FROM (SELECT review.id, staged.rating, staged.rated_at {joined}) found "
            "WHERE reviews_review.id = found.id",
            [now, now, False, *bounds, *bounds],
        )
    return len(new)


def _add(
    table: str,
    bounds: list[int],
    steps: dict[int, Counter[int]],
    months: Counter[tuple[int, date]],
) -> Counter[tuple[int, int]]:
    """Insert the reviews that are new: how many by book and rating."""
    now = timezone.now()
    columns, values, parameters = _columns(now)
    sql = (
        f"INSERT INTO reviews_review ({columns}) SELECT {values} FROM {table} staged "  # noqa: S608
        "WHERE staged.book_id BETWEEN %s AND %s "
        # Asked first, so that a second run does not use up keys for what is here.
        "AND NOT EXISTS (SELECT 1 FROM reviews_review review WHERE "
        "review.author_id = staged.reader_id AND review.book_id = staged.book_id "
        "AND review.book_id BETWEEN %s AND %s) "
        "ORDER BY staged.book_id, staged.reader_id "
        "ON CONFLICT (author_id, book_id) DO NOTHING RETURNING book_id, rating, undated, created_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *bounds, *bounds])
        rows = cursor.fetchall()
    added = Counter((book_id, rating) for book_id, rating, _undated, _written in rows)
    for book_id, _rating, undated, written in rows:
        if not undated:
            months[book_id, month_of(written)] += 1
    for (book_id, rating), number in added.items():
        steps[book_id][rating] += number
    return added


def _columns(now: Any) -> tuple[str, str, list[Any]]:
    """The columns of a new review, where their values come from, and the values among them.

    Read from the model, so that a column added to reviews is written with its default.
    """
    columns, values, parameters = [], [], []
    for column in Review._meta.concrete_fields:
        if column.primary_key or column.generated:
            continue
        columns.append(connection.ops.quote_name(str(column.column)))
        if column.column in _FROM_TABLE:
            values.append(_FROM_TABLE[column.column])
        elif column.name == "created_at":
            values.append("COALESCE(staged.rated_at, %s)")
            parameters.append(_moment(now))
        elif column.name == "updated_at":
            values.append("%s")
            parameters.append(_moment(now))
        elif column.name == "undated":
            values.append("staged.rated_at IS NULL")
        else:
            default = column._get_default()  # type: ignore[attr-defined]
            values.append("%s")
            parameters.append(column.get_db_prep_save(default, connection))
    return ", ".join(columns), ", ".join(values), parameters


def _moment(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
