"""How many readers there are, kept: everybody who has not been erased.

Accounts are never deleted: they come, and become a tombstone. Either counts here, in the same
transaction. The number is kept in sixteen parts by the keys of readers, so that those who
register at once rarely meet in a row, and always equals a recount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import connection, connections

from bookbridge.kernel.replicas import read_alias

PARTS = 16


def count_readers(keys: Iterable[int], step: int = 1) -> None:
    """Readers with these keys came (1), or were erased (-1)."""
    _add(Counter(key % PARTS for key in keys), step)


def number_of_readers() -> int:
    """How many there are."""
    with connections[read_alias()].cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(number), 0) FROM accounts_readercount")
        return int(cursor.fetchone()[0])


def wrong_parts() -> Iterator[tuple[int, int, int]]:
    """Parts whose number is not a recount, in one statement: what is kept, and what is right."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT part, sum(kept), sum(counted) FROM ("
            "SELECT part, number AS kept, 0 AS counted FROM accounts_readercount "
            "UNION ALL SELECT id %% %s, 0, count(*) FROM accounts_user "
            "WHERE erased_at IS NULL GROUP BY 1"
            ") b GROUP BY part HAVING sum(kept) <> sum(counted) ORDER BY part",
            [PARTS],
        )
        for part, kept, counted in cursor.fetchall():
            yield int(part), int(kept), int(counted)


def settle_parts() -> list[tuple[int, int, int]]:
    """Make the parts equal a recount; gives what was wrong. To be called in a transaction.

    The locks keep writers out, and what is kept is compared with what is there in one statement:
    who has registered and not committed is in neither.
    """
    with connection.cursor() as cursor:
        if connection.features.has_select_for_update:
            cursor.execute("SELECT part FROM accounts_readercount ORDER BY part FOR UPDATE")
    wrong = list(wrong_parts())
    for part, kept, counted in wrong:
        _add(Counter({part: counted - kept}), 1)
    return wrong


def _add(parts: Counter[int], step: int) -> None:
    rows = [(part, step * number) for part, number in sorted(parts.items()) if number]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_readercount (part, number) "  # noqa: S608
            f"VALUES {', '.join(['(%s, %s)'] * len(rows))} ON CONFLICT (part) DO UPDATE "
            "SET number = accounts_readercount.number + excluded.number",
            [value for row in rows for value in row],
        )
