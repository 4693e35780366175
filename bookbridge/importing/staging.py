"""Ratings on their way: a table of the connection that they are gathered in.

It holds whole numbers alone, is filled fast (COPY on PostgreSQL) and vanishes with the connection,
so that an import killed in the middle leaves nothing behind but the batches that were committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection

RATINGS = "import_rating"
READERS = "import_reader"
#: One row for each reader and book.
FINAL = "import_final"
COLUMNS = ("line", "reader_no", "book_id", "rating", "rated_at")

Staged = tuple[int, int, int, int, datetime | None]


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def begin() -> None:
    """Make the tables anew."""
    moment = "timestamptz" if connection.vendor == "postgresql" else "text"
    drop()
    _execute(
        f"CREATE TEMPORARY TABLE {RATINGS} (line bigint NOT NULL, reader_no integer NOT NULL, "
        f"book_id bigint NOT NULL, rating smallint NOT NULL, rated_at {moment})"
    )
    _execute(
        f"CREATE TEMPORARY TABLE {READERS} (reader_no integer PRIMARY KEY, "
        "reader_id bigint NOT NULL)"
    )


def drop() -> None:
    """Remove the tables."""
    for table in (RATINGS, READERS, FINAL):
        _execute(f"DROP TABLE IF EXISTS {table}")


def add(rows: Sequence[Staged]) -> None:
    """Gather more ratings."""
    if connection.vendor == "postgresql":
        lines = "".join(
            f"{line}\t{reader}\t{book}\t{rating}\t{when.isoformat() if when else chr(92) + 'N'}\n"
            for line, reader, book, rating, when in rows
        )
        statement = f"COPY {RATINGS} ({', '.join(COLUMNS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines)
        return
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {RATINGS} ({', '.join(COLUMNS)}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
            [(*row[:4], adapt(row[4])) for row in rows],
        )


def add_readers(rows: Sequence[tuple[int, int]]) -> None:
    """Say which reader a number stands for."""
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {READERS} VALUES (%s, %s)", rows)  # noqa: S608


def settle() -> int:
    """Keep one row for each reader and book, the youngest and of those the last; say how many.

    Readers that are not here yet (a dry run) keep no key and are told apart by their number.
    """
    _execute(
        f"CREATE TEMPORARY TABLE {FINAL} AS "  # noqa: S608
        "SELECT line, ranked.reader_no, reader.reader_id, book_id, rating, rated_at FROM ("
        "SELECT line, reader_no, book_id, rating, rated_at, row_number() OVER ("
        "PARTITION BY book_id, reader_no ORDER BY rated_at DESC NULLS LAST, line DESC) AS place "
        f"FROM {RATINGS}) ranked "
        f"LEFT JOIN {READERS} reader ON reader.reader_no = ranked.reader_no WHERE place = 1"
    )
    _execute(f"CREATE INDEX import_final_book ON {FINAL} (book_id, reader_no)")
    if connection.vendor == "postgresql":
        _execute(f"ANALYZE {FINAL}")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {FINAL}")  # noqa: S608
        count: int = cursor.fetchone()[0]
    return count


def overruled() -> list[tuple[int, int, int]]:
    """Rows whose reader said something else of the book in a row that was kept.

    Gives the line, the line that was kept and the rating there, in half stars.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT said.line, kept.line, kept.rating FROM {RATINGS} said "  # noqa: S608
            f"JOIN {FINAL} kept ON kept.book_id = said.book_id "
            "AND kept.reader_no = said.reader_no WHERE kept.rating <> said.rating "
            "ORDER BY said.line"
        )
        rows: list[tuple[int, int, int]] = cursor.fetchall()
    return rows


def ranges(size: int) -> Iterator[tuple[int, int, int]]:
    """Books with about `size` ratings together: the first, the last, how many ratings."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT book_id, count(*) FROM {FINAL} GROUP BY book_id ORDER BY book_id")  # noqa: S608
        books = cursor.fetchall()
    first, number = None, 0
    for book_id, count in books:
        first = book_id if first is None else first
        number += count
        if number >= size:
            yield first, book_id, number
            first, number = None, 0
    if first is not None:
        yield first, books[-1][0], number


def new_among(lines: Sequence[int]) -> int:
    """How many of these lines were kept and say something of which there is no review yet."""
    new = 0
    for start in range(0, len(lines), 5_000):
        part = lines[start : start + 5_000]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {FINAL} staged LEFT JOIN reviews_review review "  # noqa: S608
                "ON review.author_id = staged.reader_id AND review.book_id = staged.book_id "
                f"WHERE review.id IS NULL AND line IN ({', '.join(['%s'] * len(part))})",
                part,
            )
            new += cursor.fetchone()[0]
    return new
