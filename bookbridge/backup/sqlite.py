"""Copies of a SQLite database, made and put back by SQLite's own backup, while others use it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from bookbridge.backup.contents import LEFT_OUT, BackupError

MEMBER = "database.sqlite3"


def dump(target: Path) -> dict[str, int]:
    """Write a copy without the tables left out; gives the rows of each table in it."""
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)
        there = _tables(copy)
        for table in LEFT_OUT:
            if table in there:
                copy.execute(f"DELETE FROM {table}")  # noqa: S608
        copy.commit()
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("VACUUM")
    return {table: rows for table, rows in count(target).items() if not table.startswith("sqlite_")}


def count(file: Path) -> dict[str, int]:
    """The rows of each table of a copy, after SQLite has found it whole.

    Raises:
        BackupError: it is damaged.
    """
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise BackupError(f"The database in the backup is damaged: {verdict}")
            return {
                table: copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                for table in sorted(_tables(copy))
            }
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database in the backup cannot be read: {error}") from error


def load(file: Path) -> None:
    """Replace the whole database by the copy."""
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        copy.backup(connection.connection)


def server() -> str:
    """The version of the database."""
    return sqlite3.sqlite_version


def _tables(copy: sqlite3.Connection) -> set[str]:
    """Ordinary tables; those inside the index of the search count as part of it."""
    rows = copy.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT LIKE 'clubs_book_fts_%'"
    )
    return {name for (name,) in rows}
