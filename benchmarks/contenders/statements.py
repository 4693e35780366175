"""The SQL of the contenders that write it by hand, with the parameters of psycopg."""

from __future__ import annotations

import re

VIEWER = """
SELECT u.id, u.language, u.erased_at, u.suspended_at, u.suspended_until,
       s.revoked_at, s.expires_at
FROM accounts_session s JOIN accounts_user u ON u.id = s.reader_id
WHERE s.uid = %(session)s AND u.uid = %(reader)s
"""

#: The months of the whole site are kept in so many parts.
PARTS = 16
_CLUB = """
SELECT c.id, c.slug, c.name, c.description, c.description_html, c.visibility, c.join_policy,
       c.language, c.time_zone, c.max_members, c.members_count,
       CASE WHEN m.state = 'active' THEN m.role END AS my_role, m.state AS my_state,
       c.archived_at, c.created_at
FROM clubs_club c
LEFT JOIN clubs_membership m ON m.club_id = c.id AND m.reader_id = %(viewer)s
"""
CLUB = f"""{_CLUB}
WHERE ((c.visibility <> 'hidden' AND m.state IS DISTINCT FROM 'banned')
       OR m.state IN ('active', 'invited')) AND c.slug = %(slug)s
"""
#: The statement of BookBridge, which clubs/membership/searching.py explains.
EXAMINED, EXAMINED_FOR_EACH = 800, 10
_SHOWN = """((NOT c.visibility = 'hidden' AND NOT EXISTS (
    SELECT 1 FROM clubs_membership u
    WHERE u.club_id = c.id AND u.reader_id = %(viewer)s AND u.state = 'banned'
)) OR EXISTS (
    SELECT 1 FROM clubs_membership u
    WHERE u.club_id = c.id AND u.reader_id = %(viewer)s AND u.state IN ('active', 'invited')
))"""
_BEGUN = """(SELECT count(*) FROM (
    SELECT FROM clubs_club WHERE search_text ^@ %(typed)s LIMIT {examined} + 1
) AS counted)"""
_FOUND = f"""
WITH begun AS MATERIALIZED (
    (SELECT c.id FROM clubs_club c
     WHERE {_BEGUN} <= {{examined}} AND c.search_text ^@ %(typed)s AND {_SHOWN}
     ORDER BY c.members_count + 0 DESC, c.id DESC LIMIT {{wanted}})
    UNION ALL
    (SELECT c.id FROM clubs_club c
     WHERE {_BEGUN} > {{examined}}
       AND CASE WHEN starts_with(c.search_text, %(typed)s) THEN true ELSE false END AND {_SHOWN}
     ORDER BY c.members_count DESC, c.id DESC LIMIT {{wanted}})
), largest AS MATERIALIZED (
    SELECT c.id FROM (
        SELECT * FROM clubs_club ORDER BY members_count DESC, id DESC LIMIT {{examined}}
    ) AS c
    WHERE (SELECT count(*) FROM begun) < {{wanted}}
      AND {{words}} AND NOT starts_with(c.search_text, %(typed)s) AND {_SHOWN}
    ORDER BY c.members_count DESC, c.id DESC LIMIT {{wanted}}
)
SELECT id FROM begun UNION ALL SELECT id FROM largest UNION ALL (
    SELECT c.id FROM clubs_club c
    WHERE (SELECT count(*) FROM begun) < {{wanted}} AND (SELECT count(*) FROM largest) < {{wanted}}
      AND {{words}} AND NOT starts_with(c.search_text, %(typed)s) AND {_SHOWN}
    ORDER BY c.members_count + 0 DESC, c.id DESC LIMIT {{wanted}}
)
"""  # noqa: S608  (parts of this module)


def clubs_found(words: int, wanted: int) -> str:
    """Whether a key is one of the best `wanted` with so many words (`word0` and so on)."""
    having = " AND ".join(f"(' ' || c.search_text) LIKE %(word{n})s" for n in range(words))
    examined = EXAMINED + EXAMINED_FOR_EACH * wanted
    found = _FOUND.format(words=having, wanted=wanted, examined=examined)
    return f"= ANY(ARRAY({found}))"


def clubs_with(words: int, *, limit: int, offset: int) -> str:
    """One page of them, the best match first."""
    return (
        f"{_CLUB} WHERE c.id {clubs_found(words, limit + offset)} "
        "ORDER BY starts_with(c.search_text, %(typed)s) DESC, c.members_count DESC, c.id DESC "
        f"LIMIT {limit} OFFSET {offset}"
    )


def clubs_asked(words: list[str]) -> dict[str, str]:
    """The parameters of these words."""
    patterns = {f"word{number}": f"% {word}%" for number, word in enumerate(words)}
    return {"typed": " ".join(words), **patterns}


_REVIEW = """
SELECT r.id, r.book_id, b.title AS book_title, r.author_id, u.username, u.display_name,
       u.erased_at, u.imported_at, c.slug AS club_slug, r.rating, r.title, r.text, r.text_html,
       r.contains_spoilers, r.language, r.likes_count,
       EXISTS (SELECT 1 FROM reviews_like l WHERE l.review_id = r.id AND l.reader_id = %(viewer)s)
           AS liked_by_me,
       r.created_at, r.edited_at
FROM reviews_review r
JOIN clubs_book b ON b.id = r.book_id
JOIN accounts_user u ON u.id = r.author_id
LEFT JOIN clubs_club c ON c.id = r.club_id
"""
_SEEN = """
LEFT JOIN clubs_membership m ON m.club_id = r.club_id AND m.reader_id = %(viewer)s
WHERE r.book_id = %(book)s AND (r.author_id = %(viewer)s OR (
    r.hidden_at IS NULL AND u.erased_at IS NULL AND (m.state = 'active' OR (
        (r.club_id IS NULL OR c.visibility = 'public') AND m.state IS DISTINCT FROM 'banned'))))
"""
_NEWEST = " ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s"
REVIEWS = f"{_REVIEW} {_SEEN} {_NEWEST}"
REVIEWS_AFTER = f"{_REVIEW} {_SEEN} AND (r.created_at, r.id) < (%(created_at)s, %(id)s) {_NEWEST}"

KEPT_ANSWER = """
SELECT fingerprint, status, body FROM kernel_idempotencykey
WHERE user_id = %(viewer)s AND path = %(path)s AND key = %(key)s
"""
#: The review, the numbers of its book and of the months, in one statement, with all that the
#: answer shows.
PUBLISH = """
WITH counted AS (
    UPDATE clubs_book SET rating_count = rating_count + 1, rating_sum = rating_sum + %(rating)s,
        {stars}
    WHERE id = %(book)s RETURNING id, title
), made AS (
    INSERT INTO reviews_review (book_id, author_id, rating, title, text, text_html,
        contains_spoilers, language, likes_count, version, created_at, updated_at)
    SELECT id, %(viewer)s, %(rating)s, %(title)s, %(text)s, %(text_html)s, false, %(language)s,
        0, 1, %(now)s, %(now)s
    FROM counted RETURNING *
), months AS (
    INSERT INTO reviews_reviewmonth ("of", month, number)
    SELECT place, date_trunc('month', %(now)s::timestamptz AT TIME ZONE 'UTC')::date, 1
    FROM counted, unnest(ARRAY[id, -mod(id, {parts}) - 1]) AS place
    ON CONFLICT ("of", month) DO UPDATE SET number = reviews_reviewmonth.number + 1
)
SELECT r.id, r.book_id, counted.title AS book_title, r.author_id, u.username, u.display_name,
       u.erased_at, u.imported_at, NULL AS club_slug, r.rating, r.title, r.text, r.text_html,
       r.contains_spoilers, r.language, r.likes_count, false AS liked_by_me, r.created_at,
       r.edited_at
FROM made r, counted, accounts_user u WHERE u.id = %(viewer)s
"""
KEEP_ANSWER = """
INSERT INTO kernel_idempotencykey
    (user_id, path, key, fingerprint, status, body, location, etag_version, created_at)
VALUES (%(viewer)s, %(path)s, %(key)s, %(fingerprint)s, 201, %(body)s, %(location)s, 1, %(now)s)
"""


def publish(half_stars: int) -> str:
    """`PUBLISH` for a rating, which has a column of its own in the histogram."""
    column = f"stars_{half_stars * 5:02d}"
    return PUBLISH.format(stars=f"{column} = {column} + 1", parts=PARTS)


BOOK = """
SELECT rating_count, rating_sum, weighted_mean, stars_05, stars_10, stars_15, stars_20, stars_25,
       stars_30, stars_35, stars_40, stars_45, stars_50
FROM clubs_book WHERE id = %(book)s
"""
MONTHS = """
SELECT to_char(month, 'YYYY-MM') AS month, number AS n
FROM reviews_reviewmonth WHERE "of" = %(book)s AND month >= %(since)s
"""
CLUBS_OF_BOOK = """
SELECT c.slug, c.name, e.status, count(*) OVER () AS clubs_count
FROM clubs_listentry e JOIN clubs_club c ON c.id = e.club_id
WHERE e.book_id = %(book)s AND c.visibility = 'public'
  AND (e.finished_on IS NOT NULL OR e.status IN ('reading', 'finished'))
ORDER BY c.members_count DESC, c.id LIMIT 50
"""


def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with `$1`, as asyncpg wants it, and the names of its parameters in order."""
    names: list[str] = []

    def place(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", place, statement), tuple(names)
