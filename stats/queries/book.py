"""What readers think of one book, and which clubs read it."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from bookbridge.kernel.errors import Missing
from bookbridge.kernel.shapes import Json
from clubs.books.ratings import STAR_COLUMNS, mean_stars
from clubs.models import Book, Club, ListEntry
from clubs.reading.models import Status
from reviews.months import by_month
from stats.months import Months

CLUBS_SHOWN = 50
#: The keys of a histogram, in the order of the columns.
STARS = tuple(f"{half_stars / 2:.1f}" for half_stars in range(1, 11))


def book_figures(book_id: int) -> Json:
    """What readers think of one book, and which clubs read it.

    Raises:
        Missing: 404, there is no such book.
    """
    columns = ("rating_count", "rating_sum", "weighted_mean", *STAR_COLUMNS)
    book = Book.objects.filter(pk=book_id).values(*columns).first()
    if book is None:
        raise Missing()
    months = Months.until(timezone.now())
    counts = months.kept(by_month(book_id=book_id, since=months.firsts[0]))
    reading = ListEntry.objects.filter(
        Q(finished_on__isnull=False) | Q(status__in=(Status.READING, Status.FINISHED)),
        book_id=book_id,
        club__in=Club.objects.readable_by(None),
    )
    clubs = reading.order_by("-club__members_count", "club_id").values(
        "club__slug", "club__name", "status"
    )[:CLUBS_SHOWN]
    return {
        "rating_count": book["rating_count"],
        "rating_average": mean_stars(book["rating_count"], book["rating_sum"]),
        "weighted_mean": round(book["weighted_mean"], 2),
        "histogram": dict(zip(STARS, (book[column] for column in STAR_COLUMNS), strict=True)),
        "clubs_count": reading.count(),
        "clubs": [
            {"slug": row["club__slug"], "name": row["club__name"], "status": row["status"]}
            for row in clubs
        ],
        "by_month": months.of_reviews(counts),
    }


def book_title(book_id: int) -> str:
    """The title of a book, as charts name it.

    Raises:
        Missing: 404, there is no such book.
    """
    title = Book.objects.filter(pk=book_id).values_list("title", flat=True).first()
    if title is None:
        raise Missing()
    return str(title)
