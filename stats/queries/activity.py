"""The clubs in which most happened lately.

What happens in a club is a review written there, a move on its reading list, and a reader who
joins. Reviews are kept by month. No club has had more moves lately than it ever had, nor more who
joined than it has members, and both numbers are kept too. So no club has to be counted that is
neither among the first by members and moves together nor among those with most reviews in one of
the months: it has at most what the last of each of these lists have together. The others are taken
by the most that they can have come to, and counted exactly, until no other can be among those
shown. None of it grows with the number of clubs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from bookbridge.kernel.replicas import read_alias
from bookbridge.kernel.shapes import Json
from clubs.models import Club, EntryMove, Membership
from reviews.models import Review
from reviews.months import CLUB_OF_MONTH, months_of_clubs, most_reviewed_clubs

ACTIVE_DAYS = 90
Day = TypeVar("Day", bound=date)
CARD = ("id", "slug", "name", "members_count")
#: Those shown are nearly always among so many; where they are not, more are taken.
CLUBS_AT_FIRST = 50
GROWTH = 4


def most_active_clubs(number: int) -> list[Json]:
    """The public clubs, not archived, in which most happened in the last 90 days.

    Arguments:
        number: how many clubs, at most.
    """
    now = timezone.now()
    since = now - timedelta(days=ACTIVE_DAYS)
    size = CLUBS_AT_FIRST
    while True:
        keys, others = _leading(since, now, size)
        best = _best(_by_most_possible(keys, since), number, since, size)
        if not others or (len(best) == number and best[-1]["activity"] > others):
            return [{name: club[name] for name in (*CARD[1:], "activity")} for club in best]
        size *= GROWTH


def _leading(since: datetime, now: datetime, size: int) -> tuple[list[int], int]:
    """The first clubs of each list, and how much can have happened in any other, at most."""
    most = F("members_count") + F("moves_count")
    living = _living().annotate(most=most).order_by(most.desc()).values("id", "most")
    firsts = [since.astimezone(UTC).date().replace(day=1)]
    while (later := _next_month(firsts[-1])) <= now.astimezone(UTC).date():
        firsts.append(later)
    lists = [("m.id, m.most", *living[:size].query.sql_with_params())]
    for first in firsts:
        months = most_reviewed_clubs(first, size).query.sql_with_params()
        lists.append((f"{CLUB_OF_MONTH}, m.in_club", *months))
    found = _rows(
        " UNION ALL ".join(
            f"SELECT {number}, {columns} FROM ({sql}) m"  # noqa: S608
            for number, (columns, sql, _values) in enumerate(lists)
        ),
        [value for _columns, _sql, values in lists for value in values],
    )
    lengths = Counter(number for number, _club, _most in found)
    last = {number: most for number, _club, most in sorted(found, key=itemgetter(2), reverse=True)}
    others = sum(most for number, most in last.items() if lengths[number] == size)
    return list({club for _number, club, _most in found}), others


def _by_most_possible(keys: Sequence[int], since: datetime) -> list[Json]:
    """These clubs with what was `written` in them, by what happened there `at_most`."""
    if not keys:
        return []
    written, values = _written(keys, since)
    cards, conditions = _sql(_living().filter(pk__in=keys).values(*CARD, "moves_count"))
    columns = (*CARD, "written", "at_most")
    rows = _rows(
        f"SELECT {', '.join(f'c.{name}' for name in CARD)}, coalesce(w.n, 0), "  # noqa: S608
        "coalesce(w.n, 0) + c.moves_count + c.members_count AS at_most "
        f"FROM ({cards}) c LEFT JOIN ({written}) w ON w.club_id = c.id "
        "ORDER BY at_most DESC, c.id",
        [*conditions, *values],
    )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _best(clubs: list[Json], number: int, since: datetime, size: int) -> list[Json]:
    """The most active of these clubs, which come by what happened there at most."""
    best: list[Json] = []
    for start in range(0, len(clubs), size):
        if len(best) == number and best[-1]["activity"] > clubs[start]["at_most"]:
            break
        counted = clubs[start : start + size]
        happened = _moved_and_joined([club["id"] for club in counted], since)
        for club in counted:
            club["activity"] = club["written"] + happened[club["id"]]
        best += [club for club in counted if club["activity"]]
        best = sorted(best, key=lambda club: (-club["activity"], club["id"]))[:number]
    return best


def _written(keys: Sequence[int], since: datetime) -> tuple[str, list[Any]]:
    """A select of how many reviews were written in each of these clubs: `club_id` and `n`.

    Of the month in which it begins, either the days that count are added to the later months, or
    those that do not are taken off it, whichever are fewer.
    """
    begun = since.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ended = _next_month(begun)
    whole, sign, days = (begun, "-", (begun, since))
    if ended - since < since - begun:
        whole, sign, days = (ended, "", (since, ended))
    # Who left the platform has no reviews any more, so that their authors need not be asked.
    reviews = Review.objects.filter(
        created_at__gte=days[0], created_at__lt=days[1], club__in=keys, hidden_at=None
    )
    counted, values = _sql(reviews.values("club_id").annotate(n=Count("*")))
    kept, months = _sql(months_of_clubs(keys, since=whole.date()))
    return (
        "SELECT club_id, CAST(sum(n) AS bigint) AS n FROM ("  # noqa: S608
        f"SELECT {CLUB_OF_MONTH} AS club_id, m.number AS n FROM ({kept}) m "
        f"UNION ALL SELECT d.club_id, {sign}d.n FROM ({counted}) d"
        ") b GROUP BY club_id",
        [*months, *values],
    )


def _moved_and_joined(club_ids: Sequence[int], since: datetime) -> Counter[int]:
    """How many moves and new members each of these clubs had."""
    moves = EntryMove.objects.filter(entry__club__in=club_ids, moved_at__gte=since)
    joined = Membership.objects.active().filter(club__in=club_ids, joined_at__gte=since)
    happened: Counter[int] = Counter()
    for club, rows in (("entry__club_id", moves), ("club_id", joined)):
        happened.update(dict(rows.order_by().values_list(club).annotate(n=Count("*"))))
    return happened


def _living() -> QuerySet[Club]:
    return Club.objects.readable_by(None).filter(archived_at__isnull=True)


def _next_month(first: Day) -> Day:
    return (first + timedelta(days=32)).replace(day=1)


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[read_alias()].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    return rows.order_by().query.sql_with_params()
