"""How many books public clubs finished in each month, kept for the figures of the site.

They change in the transaction of the entry or the club, under the lock of the club's row, and
always equal a recount. They are kept in sixteen parts by the keys of clubs, so that writers of
different clubs rarely meet in a row, and apart for archived clubs. Months are those of the days
that entries have, which are of the zone of the club.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, DateField, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from clubs.membership.models import Club, Visibility
from clubs.reading.models import FinishedMonth, ListEntry

#: How many rows a month has, of living and of archived clubs.
PARTS = 16
TABLE = FinishedMonth._meta.db_table

#: Part, whether archived, first day of the month.
Place = tuple[int, bool, date]


# -- counting -------------------------------------------------------------------------------


def count_finish(club: Club, *, before: date | None, after: date | None) -> None:
    """An entry of the club was finished on another day than before, or is no more (None)."""
    changes = Counter[Place]()
    for day, step in ((before, -1), (after, 1)):
        if day is not None and club.visibility == Visibility.PUBLIC:
            changes[_place(club, day.replace(day=1))] += step
    _add(changes)


def visibility_changed(*, club: Club, before: str, after: str) -> None:
    """Count what the club finished in when it becomes public, and out when it ceases to be."""
    if (before == Visibility.PUBLIC) != (after == Visibility.PUBLIC):
        _count_all(club, 1 if after == Visibility.PUBLIC else -1)


def archival_changed(*, club: Club, archived: bool) -> None:
    """Count what a public club finished among that of archived clubs, or of living ones again."""
    if club.visibility == Visibility.PUBLIC:
        changes = dict[Place, int]()
        for month, number in _months_of(club).items():
            changes[club.pk % PARTS, archived, month] = number
            changes[club.pk % PARTS, not archived, month] = -number
        _add(changes)


def club_deleted(*, club: Club) -> None:
    """Count what a public club finished out, with its list."""
    if club.visibility == Visibility.PUBLIC:
        _count_all(club, -1)


def _count_all(club: Club, step: int) -> None:
    _add({_place(club, month): step * n for month, n in _months_of(club).items()})


def _place(club: Club, month: date) -> Place:
    return club.pk % PARTS, club.archived_at is not None, month


def _months_of(club: Club) -> Counter[date]:
    days = ListEntry.objects.filter(club=club, finished_on__isnull=False).order_by()
    return Counter(day.replace(day=1) for day in days.values_list("finished_on", flat=True) if day)


def _add(changes: Mapping[Place, int]) -> None:
    rows = sorted((*place, step) for place, step in changes.items() if step)
    if not rows:
        return
    places = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
    adapt = connection.ops.adapt_datefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (part, archived, month, number) VALUES {places} "  # noqa: S608
            "ON CONFLICT (part, archived, month) DO UPDATE "
            f"SET number = {TABLE}.number + excluded.number",
            [value for part, gone, month, n in rows for value in (part, gone, adapt(month), n)],
        )


# -- reading --------------------------------------------------------------------------------


def finished_by_month() -> list[tuple[date, bool, int]]:
    """Month, whether in archived clubs, and how many books public clubs finished in it."""
    rows = FinishedMonth.objects.order_by().values_list("month", "archived")
    return list(rows.annotate(n=Sum("number")))


# -- counting anew --------------------------------------------------------------------------


def counted_months() -> QuerySet[Any, Any]:
    """What there is to count: `part`, `archived`, `month` and `n`."""
    finished = ListEntry.objects.filter(
        finished_on__isnull=False, club__visibility=Visibility.PUBLIC
    )
    return (
        finished.order_by()
        .values(
            part=F("club_id") % PARTS,
            archived=Q(club__archived_at__isnull=False),
            month=TruncMonth("finished_on", output_field=DateField()),
        )
        .annotate(n=Count("pk"))
    )


def wrong_months() -> Iterator[tuple[Place, int, int]]:
    """Places whose number is not a recount, in one statement: what is kept, and what is right."""
    sql, parameters = counted_months().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT part, archived, month, sum(kept), sum(counted) FROM ("  # noqa: S608
            f"SELECT part, archived, month, number AS kept, 0 AS counted FROM {TABLE} "
            f"UNION ALL SELECT c.part, c.archived, c.month, 0, c.n FROM ({sql}) c"
            ") b GROUP BY part, archived, month HAVING sum(kept) <> sum(counted) "
            "ORDER BY part, archived, month",
            parameters,
        )
        for part, archived, month, kept, counted in cursor.fetchall():
            day = date.fromisoformat(month) if isinstance(month, str) else month
            yield (part, bool(archived), day), int(kept), int(counted)


def settle_months() -> list[tuple[Place, int, int]]:
    """Make the months equal a recount; gives what was wrong.

    To be called in a transaction. The locks keep writers out, and what is kept is compared with
    what is there in one statement: who has changed an entry and not committed is in neither.
    """
    rows = FinishedMonth.objects.order_by("part", "archived", "month")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    wrong = list(wrong_months())
    _add({place: counted - kept for place, kept, counted in wrong})
    return wrong
