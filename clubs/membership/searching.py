"""The best matches of a search for clubs on PostgreSQL, at a cost that hardly grows with the clubs.

A word may be in most of many clubs, and no index gives the best of those in order. So one
statement, made once and with a plan that is right for any words, looks where the matches are:

- Names that begin with what was typed come first. As many as are gone through at most are taken
  from an index and sorted; of more, the largest clubs have enough.
- Then the other clubs that have all words: the largest clubs are gone through, and only when these
  have too few, so that there are not many, an index finds them all.

What it finds is what sorting all matches would, in the same order; docs/search.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    from clubs.membership.querysets import ClubQuerySet

#: So many clubs are gone through, and some more for each match that is wanted.
EXAMINED, EXAMINED_FOR_EACH = 800, 10

#: `shown` is which clubs may be found. A sum keeps the database from reading along the index of
#: sizes where there are few; CASE from thinking that there are few along it. An array is looked up
#: by keys whatever the database expects to be in it.
FOUND = """
    clubs_club.id = ANY(ARRAY(
    WITH begun AS MATERIALIZED (
        (
            SELECT id FROM clubs_club
            WHERE (
                SELECT count(*) FROM (
                    SELECT FROM clubs_club WHERE search_text ^@ %s LIMIT {examined} + 1
                ) AS counted
            ) <= {examined} AND search_text ^@ %s AND {shown}
            ORDER BY members_count + 0 DESC, id DESC LIMIT {wanted}
        ) UNION ALL (
            SELECT id FROM clubs_club
            WHERE (
                SELECT count(*) FROM (
                    SELECT FROM clubs_club WHERE search_text ^@ %s LIMIT {examined} + 1
                ) AS counted
            ) > {examined} AND CASE WHEN starts_with(search_text, %s) THEN true ELSE false END
                AND {shown}
            ORDER BY members_count DESC, id DESC LIMIT {wanted}
        )
    ), largest AS MATERIALIZED (
        SELECT id FROM (
            SELECT * FROM clubs_club ORDER BY members_count DESC, id DESC LIMIT {examined}
        ) AS clubs_club
        WHERE (SELECT count(*) FROM begun) < {wanted}
            AND {words} AND NOT starts_with(search_text, %s) AND {shown}
        ORDER BY members_count DESC, id DESC LIMIT {wanted}
    )
    SELECT id FROM begun UNION ALL SELECT id FROM largest UNION ALL (
        SELECT id FROM clubs_club
        WHERE (SELECT count(*) FROM begun) < {wanted} AND (SELECT count(*) FROM largest) < {wanted}
            AND {words} AND NOT starts_with(search_text, %s) AND {shown}
        ORDER BY members_count + 0 DESC, id DESC LIMIT {wanted}
    )))
"""
WORD = "(' ' || search_text) LIKE %s"


def is_found(clubs: ClubQuerySet, *, words: Sequence[Any], typed: Any, wanted: int) -> RawSQL:
    """Whether a club is one of the best `wanted` matches among `clubs`, or of some less good.

    Arguments:
        clubs: filtered by columns of their own and by who may see them.
        words: patterns of all words, for a text with a space before it; at least one.
        typed: what the names of the best matches begin with.
    """
    compiler = clubs.query.get_compiler(connection=connection)
    shown, values = compiler.compile(clubs.query.where)
    statement = FOUND.format(
        shown=shown,
        words=" AND ".join([WORD] * len(words)),
        wanted=wanted,
        examined=EXAMINED + EXAMINED_FOR_EACH * wanted,
    )
    begun = (typed, typed, *values, typed, typed, *values)
    others = (*words, typed, *values)
    parameters = (*begun, *others, *others)
    return RawSQL(statement, parameters, models.BooleanField())  # noqa: S611  (names no values)
