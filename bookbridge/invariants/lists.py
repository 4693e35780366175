"""What must be true of reading lists: places, statuses, days and the record of moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F, Q

from bookbridge.invariants.checks import Check, Row, query_check, rows_of, sql_check
from clubs.models import FinishedMonth, ListEntry
from clubs.reading import finished
from clubs.reading.moves import FIRST, MOVES

#: A club may change its time zone between two days.
ONE_DAY = timedelta(days=1)

WRONG_LISTS = """
    SELECT club_id AS id, count(*) AS entries, min(position) AS first, max(position) AS last,
           count(DISTINCT position) AS places
    FROM clubs_listentry GROUP BY club_id
    HAVING min(position) <> 1 OR max(position) <> count(*)
        OR count(DISTINCT position) <> count(*)
    ORDER BY club_id
"""

#: Each move with the one before it; the latest one counts for the status of the entry.
CHAIN = """
    SELECT m.id, m.entry_id, m.from_status, m.to_status,
           lag(m.to_status, 1, '') OVER (PARTITION BY m.entry_id ORDER BY m.id) AS before
    FROM clubs_entrymove m
"""


def illegal_moves() -> Iterator[Row]:
    """Moves that the status machine does not have, in one statement."""
    legal = [("", str(first)) for first in FIRST]
    legal += [(str(before), str(after)) for before, afters in MOVES.items() for after in afters]
    fits = " OR ".join(["(from_status = %s AND to_status = %s)"] * len(legal))
    statement = (
        "SELECT id, from_status, to_status FROM clubs_entrymove "  # noqa: S608
        f"WHERE NOT ({fits}) ORDER BY id"
    )
    yield from rows_of(statement, [status for pair in legal for status in pair])


def wrong_finished() -> Iterator[Row]:
    """Months of the site whose number is not that of the books that public clubs finished."""
    for (part, archived, month), kept, counted in finished.wrong_months():
        yield {
            "id": part,
            "archived": archived,
            "month": f"{month:%Y-%m}",
            "kept": kept,
            "counted": counted,
        }


CHECKS = [
    Check(
        "finished_months",
        "the books finished in each month, kept for the site, are those of public clubs",
        FinishedMonth._meta.db_table,
        wrong_finished,
    ),
    sql_check(
        "list_positions",
        "the entries of a list have the places 1 to n, each once",
        "clubs_club",
        WRONG_LISTS,
    ),
    query_check(
        "finished_entry_has_its_day",
        "a finished entry has the day of finishing",
        lambda: ListEntry.objects.filter(status="finished", finished_on__isnull=True),
    ),
    query_check(
        "entry_being_read_has_begun",
        "an entry that is read has the day of beginning",
        lambda: ListEntry.objects.filter(status="reading", started_on__isnull=True),
    ),
    query_check(
        "entry_days_in_order",
        "a book is not finished before it was begun",
        lambda: ListEntry.objects.filter(Q(finished_on__lt=F("started_on") - ONE_DAY)),
        "started_on",
        "finished_on",
    ),
    sql_check(
        "entry_status_is_last_move",
        "the status of an entry is where its last move led",
        "clubs_listentry",
        """
        SELECT e.id, e.status AS kept, m.to_status AS counted FROM clubs_listentry e
        LEFT JOIN (
            SELECT entry_id, max(id) AS id FROM clubs_entrymove GROUP BY entry_id
        ) last ON last.entry_id = e.id
        LEFT JOIN clubs_entrymove m ON m.id = last.id
        WHERE m.id IS NULL OR m.to_status <> e.status ORDER BY e.id
        """,
    ),
    sql_check(
        "entry_moves_are_a_chain",
        "each move begins where the one before it ended",
        "clubs_entrymove",
        f"SELECT id, entry_id, from_status AS kept, before AS counted FROM ({CHAIN}) moves "  # noqa: S608
        "WHERE from_status <> before ORDER BY id",
    ),
    Check(
        "entry_moves_are_legal",
        "an entry moves only as the status machine has it",
        "clubs_entrymove",
        illegal_moves,
    ),
]
