"""What one club has read and thought; days and months are in the zone of the club."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from bookbridge.kernel.errors import Missing
from bookbridge.kernel.shapes import Json, day
from clubs.books.ratings import mean_stars
from clubs.models import Club, ListEntry, Membership
from clubs.reading.models import Status
from reviews.models import Review
from stats.months import Months, zone_named

ENTRIES_SHOWN = 500
FINISHED = Q(finished_on__isnull=False)
#: A book has so many times more reviews than the club has members: looking them up costs less.
LOOKUPS_FROM = 8
OF_BOOK = ("book_id", "book__rating_count", "book__rating_sum")


def club_figures(club_id: int) -> Json:
    """The figures of one club.

    Raises:
        Missing: 404, the club was deleted meanwhile.
    """
    club = Club.objects.filter(pk=club_id).values("members_count", "time_zone").first()
    if club is None:
        raise Missing()
    entries = ListEntry.objects.filter(club_id=club_id)
    by_status = list(
        entries.order_by()
        .values("status")
        .annotate(
            n=Count("pk"),
            finished=Count("pk", filter=FINISHED),
            pages=Sum("book__page_count", filter=FINISHED, default=0),
        )
    )
    counts = {row["status"]: row["n"] for row in by_status}
    return {
        "members": club["members_count"],
        "books_finished": sum(row["finished"] for row in by_status),
        "pages_read": sum(row["pages"] for row in by_status),
        "by_status": {status: counts.get(status, 0) for status in Status.values},
        "completion": _completion(entries),
        "ratings": _ratings_of_members(club_id, club["members_count"]),
        "by_month": _months_of_club(club_id, entries, club["time_zone"]),
    }


def _completion(entries: QuerySet[Any]) -> list[Json]:
    """How far the club came with each book, in the order of its list."""
    columns = ("id", "book_id", "book__title", "status", "started_on", "finished_on")
    rows = entries.order_by("position", "id").values(*columns)[:ENTRIES_SHOWN]
    return [
        {
            "entry": row["id"],
            "book": row["book_id"],
            "title": row["book__title"],
            "status": row["status"],
            "started_on": day(row["started_on"]),
            "finished_on": day(row["finished_on"]),
            "days": _days(row["started_on"], row["finished_on"]),
        }
        for row in rows
    ]


def _days(started_on: date | None, finished_on: date | None) -> int | None:
    """Days from start to finish; none while a book is read again."""
    if started_on is None or finished_on is None or finished_on < started_on:
        return None
    return (finished_on - started_on).days


def _ratings_of_members(club_id: int, members: int) -> Json:
    """What members think of the books of the list, and what everybody thinks of the same.

    Of the members' reviews those count that everybody may see, and those of this club. A book
    with many more reviews than the club has members is not read through: each member's review
    of it is looked up.
    """
    many = members * LOOKUPS_FROM
    rows = [*_reviewed_by_few(club_id, many), *_reviewed_by_many(club_id, many)]
    books = {row["book_id"]: row for row in rows}
    club_count = sum(row["n"] for row in rows)
    everybody_count = sum(row["book__rating_count"] for row in books.values())
    return {
        "books": len(books),
        "club_average": mean_stars(club_count, sum(row["sum"] for row in rows)),
        "club_count": club_count,
        "everybody_average": mean_stars(
            everybody_count, sum(row["book__rating_sum"] for row in books.values())
        ),
        "everybody_count": everybody_count,
    }


def _reviewed_by_few(club_id: int, many: int) -> list[Json]:
    """The members' reviews of books with at most so `many` reviews, by book."""
    readers = Membership.objects.active().filter(club_id=club_id).values("reader_id")
    listed = ListEntry.objects.filter(club_id=club_id, book__rating_count__lte=many)
    rows = (
        _shown_in(club_id)
        .filter(author__in=readers, book__in=listed.values("book_id"))
        .order_by()
        .values(*OF_BOOK)
        .annotate(n=Count("pk"), sum=Sum("rating"))
    )
    return list(rows)


def _reviewed_by_many(club_id: int, many: int) -> list[Json]:
    """The members' reviews of the other books, by book and rating."""
    listed = ListEntry.objects.filter(
        club_id=club_id, book__rating_count__gt=many, club__memberships__state="active"
    )
    own = _shown_in(club_id).filter(
        author=OuterRef("club__memberships__reader_id"), book=OuterRef("book_id")
    )
    rows = (
        listed.order_by()
        .annotate(rating=Subquery(own.values("rating")[:1]))
        .values(*OF_BOOK, "rating")
        .annotate(n=Count("*"))
    )
    return [row | {"sum": row["rating"] * row["n"]} for row in rows if row["rating"] is not None]


def _shown_in(club_id: int) -> QuerySet[Any]:
    """Reviews that may be seen by whoever may read the club, and by nobody less."""
    of_everybody = Q(club__isnull=True) | Q(club__visibility="public")
    # Who left the platform has no reviews any more, so that their authors need not be asked.
    return Review.objects.filter(of_everybody | Q(club_id=club_id), hidden_at__isnull=True)


def _months_of_club(club_id: int, entries: QuerySet[Any], time_zone: str) -> list[Json]:
    months = Months.until(timezone.now(), zone_named(time_zone))
    reviews = months.counted(_shown_in(club_id).filter(club_id=club_id), "created_at")
    finished = months.counted(entries, "finished_on", days=True)
    members = Membership.objects.active().filter(club_id=club_id)
    joined = months.counted(members, "joined_at")
    return [
        {"month": month, "reviews": written, "books_finished": books, "members_joined": readers}
        for month, written, books, readers in zip(
            months.names, reviews, finished, joined, strict=True
        )
    ]
