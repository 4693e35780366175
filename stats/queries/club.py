"""What one club has read and thought; days and months are in the zone of the club."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
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
        "ratings": _ratings_of_members(club_id),
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


def _ratings_of_members(club_id: int) -> Json:
    """What members think of the books of the list, and what everybody thinks of the same.

    Of the members' reviews those count that everybody may see, and those of this club.
    """
    members = Membership.objects.active().filter(club_id=club_id).values("reader_id")
    listed = ListEntry.objects.filter(club_id=club_id).values("book_id")
    rows = list(
        _shown_in(club_id)
        .filter(author__in=members, book__in=listed)
        .order_by()
        .values("book_id", "book__rating_count", "book__rating_sum")
        .annotate(count=Count("pk"), sum=Sum("rating"))
    )
    club_count = sum(row["count"] for row in rows)
    everybody_count = sum(row["book__rating_count"] for row in rows)
    return {
        "books": len(rows),
        "club_average": mean_stars(club_count, sum(row["sum"] for row in rows)),
        "club_count": club_count,
        "everybody_average": mean_stars(
            everybody_count, sum(row["book__rating_sum"] for row in rows)
        ),
        "everybody_count": everybody_count,
    }


def _shown_in(club_id: int) -> QuerySet[Any]:
    """Reviews that may be seen by whoever may read the club, and by nobody less."""
    of_everybody = Q(club__isnull=True) | Q(club__visibility="public")
    return Review.objects.filter(
        of_everybody | Q(club_id=club_id),
        hidden_at__isnull=True,
        author__erased_at__isnull=True,
    )


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
