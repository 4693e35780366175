"""The clubs in which most happened lately.

What happens in a club is a review written there, a move on its reading list, and a reader who
joins. Reviews are counted for all clubs: from the months that are kept and, of the month that
counts in part, in one pass over an index. The other two are not: no club has had more moves lately
than it ever had, nor more who joined than it has members, and both numbers are kept. The clubs are
taken by the most that they can have come to, and counted exactly, until no other can be among
those shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import Count, QuerySet
from django.utils import timezone

from bookbridge.kernel.replicas import read_alias
from bookbridge.kernel.shapes import Json
from clubs.models import Club, EntryMove, Membership
from reviews.models import Review
from reviews.months import CLUB_OF_MONTH, months_of_clubs

ACTIVE_DAYS = 90
CARD = ("id", "slug", "name", "members_count")
#: Those shown are nearly always among so many; where they are not, more are taken.
CLUBS_AT_FIRST = 50
GROWTH = 4


def most_active_clubs(number: int) -> list[Json]:
    """The public clubs, not archived, in which most happened in the last 90 days.

    Arguments:
        number: how many clubs, at most.
    """
    since = timezone.now() - timedelta(days=ACTIVE_DAYS)
    size = CLUBS_AT_FIRST
    while True:
        clubs = _by_most_possible(since, size)
        happened = _moved_and_joined([club["id"] for club in clubs], since)
        for club in clubs:
            club["activity"] = club["written"] + happened[club["id"]]
        active = [club for club in clubs if club["activity"]]
        best = sorted(active, key=lambda club: (-club["activity"], club["id"]))[:number]
        whole = len(clubs) < size
        if whole or (len(best) == number and best[-1]["activity"] > clubs[-1]["at_most"]):
            return [{name: club[name] for name in (*CARD[1:], "activity")} for club in best]
        size *= GROWTH


def _by_most_possible(since: datetime, size: int) -> list[Json]:
    """Clubs with what was `written` in them, those first in which most can have happened.

    `at_most` is that most: in no club that is left out it is more than in the last one here.
    """
    written, values = _written(since)
    living = Club.objects.readable_by(None).filter(archived_at__isnull=True)
    cards, conditions = _sql(living.values(*CARD, "moves_count"))
    columns = (*CARD, "written", "at_most")
    with connections[read_alias()].cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(f'c.{name}' for name in CARD)}, coalesce(w.n, 0), "  # noqa: S608
            "coalesce(w.n, 0) + c.moves_count + c.members_count AS at_most "
            f"FROM ({cards}) c LEFT JOIN ({written}) w ON w.club_id = c.id "
            "ORDER BY at_most DESC, c.id LIMIT %s",
            [*conditions, *values, size],
        )
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _written(since: datetime) -> tuple[str, list[Any]]:
    """A select of how many reviews were written in each public club: `club_id` and `n`.

    Of the month in which it begins, either the days that count are added to the later months, or
    those that do not are taken off it, whichever are fewer.
    """
    begun = since.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ended = (begun + timedelta(days=32)).replace(day=1)
    whole, sign, days = (begun, "-", (begun, since))
    if ended - since < since - begun:
        whole, sign, days = (ended, "", (since, ended))
    # Who left the platform has no reviews any more, so that their authors need not be asked.
    reviews = Review.objects.filter(
        created_at__gte=days[0], created_at__lt=days[1], club__isnull=False, hidden_at=None
    )
    counted, values = _sql(reviews.values("club_id").annotate(n=Count("*")))
    kept, months = _sql(months_of_clubs(since=whole.date()))
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


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    return rows.order_by().query.sql_with_params()
