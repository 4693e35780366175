"""Does the database answer, is it of the right kind, and are its tables up to date?"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from bookbridge.doctor.findings import Finding, Question
from bookbridge.invariants.checks import rows_of
from bookbridge.invariants.search import missing_indexes
from bookbridge.invariants.storage import broken_references, missing_constraints

AREA = "database"
OLDEST_POSTGRESQL = 14
MIGRATE = "run `manage.py migrate` (after a `manage.py backup`)"


def answers() -> Iterator[Finding]:
    """A connection, and the version of the server."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        yield Finding(
            AREA, f"it does not answer: {reason}", "start it, or correct DATABASE_URL in .env"
        )
        return
    yield from (_postgresql() if connection.vendor == "postgresql" else _sqlite())


def _postgresql() -> Iterator[Finding]:
    row = next(
        rows_of(
            "SELECT current_setting('server_version_num')::int / 10000 AS version, "
            "current_setting('server_encoding') AS encoding, "
            "(SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm') AS trigrams"
        )
    )
    if row["version"] < OLDEST_POSTGRESQL:
        yield Finding(
            AREA,
            f"PostgreSQL {row['version']} is too old",
            f"move to PostgreSQL {OLDEST_POSTGRESQL} or newer",
        )
    else:
        yield Finding(AREA, f"PostgreSQL {row['version']} answers")
    if row["encoding"] != "UTF8":
        yield Finding(
            AREA,
            f"its encoding is {row['encoding']}",
            "make a database with `createdb -E UTF8 -T template0` and restore a backup into it",
        )
    if not tidied():
        yield Finding(
            AREA,
            "autovacuum is off: requests cost more as tables grow, and no space is freed",
            "set autovacuum and track_counts to on in the settings of PostgreSQL, and reload them",
        )
    if not row["trigrams"]:
        yield Finding(
            AREA, "the extension pg_trgm is missing", "apt-get install postgresql-contrib"
        )


def tidied() -> bool:
    """Whether PostgreSQL learns how large its tables are, and clears away what was deleted."""
    row = next(
        rows_of(
            "SELECT current_setting('autovacuum')::bool AND current_setting('track_counts')::bool "
            "AS tidied"
        )
    )
    return bool(row["tidied"])


def _sqlite() -> Iterator[Finding]:
    verdict = next(rows_of("PRAGMA quick_check(1)"))["quick_check"]
    if verdict != "ok":
        yield Finding(
            AREA,
            f"the file is damaged: {verdict}",
            "stop the server, keep a copy of the file, and restore the last backup",
        )
    else:
        yield Finding(AREA, "SQLite answers and its file is whole")


def migrations() -> Iterator[Finding]:
    """The tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known = set(executor.loader.disk_migrations)
    unknown = [
        key for key in executor.loader.applied_migrations
        if key not in known and key[0] in executor.loader.migrated_apps
    ]  # fmt: skip
    if missing:
        yield Finding(AREA, f"{len(missing)} migrations are not applied", MIGRATE)
    if unknown:
        app, name = unknown[0]
        yield Finding(
            AREA,
            f"it has migrations that this version does not know ({app}.{name})",
            "install the version that made them, or restore a backup of this one",
        )
    if not missing and not unknown:
        yield Finding(AREA, "all migrations are applied")


def constraints() -> Iterator[Finding]:
    """What the database itself must refuse."""
    missing = [str(row["id"]) for row in missing_constraints()]
    if missing:
        yield Finding(
            AREA,
            f"constraints or indexes are missing: {', '.join(missing[:5])}",
            "restore the last backup, or make them as the migrations have them",
        )
    else:
        yield Finding(AREA, "every constraint and index is there")
    if broken := list(broken_references()):
        yield Finding(
            AREA, f"{len(broken)} rows refer to nothing", "see `manage.py check_invariants`"
        )


def search() -> Iterator[Finding]:
    """The index of the search for books."""
    if list(missing_indexes()):
        advice = "run `manage.py recount --only search`"
        yield Finding(AREA, "the search for books does not find every book", advice)
    else:
        yield Finding(AREA, "the search for books has its index")


QUESTIONS: list[Question] = [answers, migrations, constraints, search]
