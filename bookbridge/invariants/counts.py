"""Numbers that are stored and must equal a recount, each described once.

The same description finds the differences, heals them, and fills the columns after a bulk load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, Q, Sum

from bookbridge.invariants.checks import Check, Row, rows_of
from clubs.books.ratings import STAR_COLUMNS
from clubs.models import Book, Club, EntryMove, ListEntry, Membership, Support
from reviews.models import Like, Review, ReviewMonth
from reviews.months import PARTS, counted_club_months, counted_months


@dataclass(frozen=True)
class StoredCount:
    """A column that counts the rows of another table which refer to its row."""

    name: str
    rule: str
    model: type[models.Model]
    column: str
    counted: type[models.Model]
    reference: str
    condition: Q = Q()

    def recount(self, keys: Sequence[int] | None = None) -> models.QuerySet[Any, Row]:
        """What there is to count, as rows of the reference and `n`."""
        rows = self.counted._default_manager.filter(self.condition).order_by()
        if keys is not None:
            rows = rows.filter(**{f"{self.reference}__in": keys})
        return rows.values(self.reference).annotate(n=Count("pk"))

    def find(self) -> Iterator[Row]:
        """Rows whose number is wrong, in one statement."""
        counted, parameters = self.recount().query.sql_with_params()
        yield from rows_of(
            f"SELECT t.id, t.{self.column} AS kept, coalesce(c.n, 0) AS counted "  # noqa: S608
            f"FROM {self.model._meta.db_table} t LEFT JOIN ({counted}) c "
            f"ON c.{self.reference} = t.id "
            f"WHERE t.{self.column} <> coalesce(c.n, 0) ORDER BY t.id",
            parameters,
        )

    def check(self) -> Check:
        """The check that holds the column to its recount."""
        return Check(self.name, self.rule, self.model._meta.db_table, self.find)


MEMBERS = StoredCount(
    "club_members_count",
    "members_count is the number of active members",
    Club,
    "members_count",
    Membership,
    "club_id",
    Q(state="active"),
)
MOVES = StoredCount(
    "club_moves_count",
    "moves_count is the number of moves on the reading list",
    Club,
    "moves_count",
    EntryMove,
    "entry__club_id",
)
SUPPORTERS = StoredCount(
    "entry_supporters_count",
    "supporters_count is the number of readers who support the entry",
    ListEntry,
    "supporters_count",
    Support,
    "entry_id",
)
LIKES = StoredCount(
    "review_likes_count",
    "likes_count is the number of readers who like the review",
    Review,
    "likes_count",
    Like,
    "review_id",
)
STORED_COUNTS = (MEMBERS, MOVES, SUPPORTERS, LIKES)

RATING_COLUMNS = ("rating_count", "rating_sum", *STAR_COLUMNS)


def counted_ratings() -> tuple[str, tuple[Any, ...]]:
    """A select of the aggregates of every book with reviews that count, and its parameters.

    Its columns are `book_id` and those of `RATING_COLUMNS` with `n_` in front. What counts is
    said by `reviews.querysets`, here as everywhere.
    """
    histogram = {
        f"n_{column}": Count("pk", filter=Q(rating=half_stars))
        for half_stars, column in enumerate(STAR_COLUMNS, start=1)
    }
    rows = Review.objects.counted().order_by().values("book_id")
    rows = rows.annotate(n_rating_count=Count("pk"), n_rating_sum=Sum("rating"), **histogram)
    return rows.query.sql_with_params()


def wrong_ratings() -> Iterator[Row]:
    """Books whose aggregates are not those of their reviews, in one statement."""
    counted, parameters = counted_ratings()
    differ = " OR ".join(f"b.{name} <> coalesce(c.n_{name}, 0)" for name in RATING_COLUMNS)
    both = ", ".join(
        f"b.{name} AS kept_{name}, coalesce(c.n_{name}, 0) AS counted_{name}"
        for name in RATING_COLUMNS
    )
    statement = (
        f"SELECT b.id, {both} FROM clubs_book b "  # noqa: S608
        f"LEFT JOIN ({counted}) c ON c.book_id = b.id WHERE {differ} ORDER BY b.id"
    )
    for row in rows_of(statement, parameters):
        kept = {name: int(row[f"kept_{name}"]) for name in RATING_COLUMNS}
        right = {name: int(row[f"counted_{name}"]) for name in RATING_COLUMNS}
        wrong = [name for name in RATING_COLUMNS if kept[name] != right[name]]
        yield {
            "id": row["id"],
            "kept": {name: kept[name] for name in wrong},
            "counted": {name: right[name] for name in wrong},
        }


def wrong_months() -> Iterator[Row]:
    """Months of books, clubs and parts of the site whose number is not that of their reviews."""
    counted, parameters = counted_months().query.sql_with_params()
    in_clubs, of_clubs = counted_club_months().query.sql_with_params()
    yield from rows_of(
        'SELECT "of" AS id, month, sum(kept) AS kept, sum(counted) AS counted FROM ('  # noqa: S608
        ' SELECT "of", month, number AS kept, 0 AS counted FROM reviews_reviewmonth'
        f" UNION ALL SELECT c.book_id, c.month, 0, c.n FROM ({counted}) c"
        f" UNION ALL SELECT -(c.book_id %% {PARTS}) - 1, c.month, 0, c.n FROM ({counted}) c"
        f" UNION ALL SELECT -{PARTS} - c.club_id, c.month, 0, c.n FROM ({in_clubs}) c"
        ') b GROUP BY "of", month HAVING sum(kept) <> sum(counted) ORDER BY "of", month',
        (*parameters, *parameters, *of_clubs),
    )


CHECKS = [
    *(stored.check() for stored in STORED_COUNTS),
    Check(
        "book_ratings",
        "count, sum and histogram of a book are those of its reviews that count",
        Book._meta.db_table,
        wrong_ratings,
    ),
    Check(
        "review_months",
        "the reviews of each month, kept for books, clubs and the site, are those that count",
        ReviewMonth._meta.db_table,
        wrong_months,
    ),
]
