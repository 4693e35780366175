"""What everything on the platform adds up to."""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.population import number_of_readers
from bookbridge.kernel.shapes import Json
from clubs.books.ratings import mean_stars
from clubs.models import Authorship, Book, Club
from clubs.reading.finished import finished_by_month
from reviews.months import by_month
from stats.months import Months
from stats.queries.activity import most_active_clubs

TOP = 10


def site_figures() -> Json:
    """What everything on the platform adds up to."""
    months = Months.until(timezone.now())
    ratings = Book.objects.aggregate(
        books=Count("pk"), count=Sum("rating_count", default=0), sum=Sum("rating_sum", default=0)
    )
    public = Club.objects.readable_by(None)
    clubs = public.aggregate(
        all=Count("pk"), living=Count("pk", filter=Q(archived_at__isnull=True))
    )
    by_living, finished_by_month = _finished(months)
    reviews_by_month = months.kept(by_month(book_id=None, since=months.firsts[0]))
    return {
        "readers": number_of_readers(),
        "clubs": clubs["all"],
        "books": ratings["books"],
        "reviews": ratings["count"],
        "mean_books_finished_per_club": _ratio(by_living, clubs["living"]),
        "mean_rating": mean_stars(ratings["count"], ratings["sum"]),
        "top_books": _top_books(),
        "most_active_clubs": most_active_clubs(TOP),
        "by_month": [
            {"month": month, "reviews": reviews, "books_finished": books}
            for month, reviews, books in zip(
                months.names, reviews_by_month, finished_by_month, strict=True
            )
        ],
    }


def _finished(months: Months) -> tuple[int, list[int]]:
    """Books finished in living public clubs, and in all public ones by month."""
    living, numbers = 0, Counter[date]()
    for month, archived, number in finished_by_month():
        living += 0 if archived else number
        numbers[month] += number
    return living, months.kept(numbers)


def _top_books() -> list[Json]:
    """The best rated books by weighted mean, among those with a rating."""
    rows = (
        Book.objects.filter(rating_count__gte=1)
        .order_by("-weighted_mean", "-id")
        .values("id", "title", "rating_count", "rating_sum", "weighted_mean")[:TOP]
    )
    books = list(rows)
    authors: dict[int, list[Json]] = {book["id"]: [] for book in books}
    for row in (
        Authorship.objects.filter(book_id__in=authors)
        .order_by("position", "id")
        .values("book_id", "author_id", "author__name")
    ):
        authors[row["book_id"]].append({"id": row["author_id"], "name": row["author__name"]})
    return [
        {
            "id": book["id"],
            "title": book["title"],
            "authors": authors[book["id"]],
            "rating_average": mean_stars(book["rating_count"], book["rating_sum"]),
            "rating_count": book["rating_count"],
            "weighted_mean": round(book["weighted_mean"], 2),
        }
        for book in books
    ]


def _ratio(count: int, of: int) -> float:
    return round(count / of, 2) if of else 0.0
