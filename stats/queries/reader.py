"""What one reader has read and thought."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import ExtractYear
from django.utils import timezone

from accounts.models import User
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.shapes import Json
from clubs.books.ratings import mean_stars
from reviews.models import Review
from stats.months import Months
from stats.queries.book import STARS


def reader_figures(username: str) -> Json:
    """What one reader has read and thought, as far as everybody may know.

    Raises:
        Missing: 404, there is no such reader.
    """
    readers = User.objects.shown().filter(username=username)
    reader_id = readers.values_list("pk", flat=True).first()
    if reader_id is None:
        raise Missing()
    return _figures_of(Review.objects.counted().filter(author_id=reader_id))


def own_figures(reader_id: int) -> Json:
    """The same over all of the reader's reviews, for their own eyes."""
    return _figures_of(Review.objects.filter(author_id=reader_id))


def _figures_of(reviews: QuerySet[Any]) -> Json:
    rows = list(
        reviews.order_by()
        .values("rating")
        .annotate(n=Count("pk"), pages=Sum("book__page_count", default=0))
    )
    spread = {row["rating"]: row["n"] for row in rows}
    count = sum(spread.values())
    months = Months.until(timezone.now())
    dated = reviews.filter(undated=False)
    years = (
        dated.order_by()
        .annotate(year=ExtractYear("created_at", tzinfo=UTC))
        .values("year")
        .annotate(reviews=Count("pk"), pages=Sum("book__page_count", default=0))
        .order_by("year")
    )
    return {
        "books_reviewed": count,
        "pages_reviewed": sum(row["pages"] for row in rows),
        "mean_rating": mean_stars(count, sum(stars * n for stars, n in spread.items())),
        "ratings": {name: spread.get(half_stars, 0) for half_stars, name in enumerate(STARS, 1)},
        "by_month": months.of_reviews(months.counted(dated, "created_at")),
        "by_year": list(years),
    }
