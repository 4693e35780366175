"""Do the replicas of the database follow, and is the pooler in front of it set as needed?"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, connections

from bookbridge.doctor.findings import Finding, Question
from bookbridge.environment import env

AREA = "replicas"
#: A replica that is further behind is of little use.
LATE_SECONDS = 5
#: What must be known after a commit for a replica to be asked (bookbridge/kernel/replicas.py).
WAITING = {"on", "local", "remote_write", "remote_apply"}

LAG = (
    "SELECT pg_is_in_recovery(), (SELECT system_identifier::text FROM pg_control_system()), "
    "CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
    "ELSE coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0) END"
)
PRIMARY = (
    "SELECT (SELECT system_identifier::text FROM pg_control_system()), "
    "current_setting('synchronous_commit')"
)
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
MILLISECONDS = "SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(%s)"


def replicas() -> Iterator[Finding]:
    """Each replica of the settings, and what the promise about them rests on."""
    if not settings.DATABASE_REPLICAS:
        return
    with connection.cursor() as cursor:
        cursor.execute(PRIMARY)
        system, commit = cursor.fetchone()
    if commit not in WAITING:
        yield Finding(
            AREA,
            f"synchronous_commit is {commit}: a replica may miss what was just written",
            "set it to `on` in postgresql.conf, or take DATABASE_REPLICA_URLS out of .env",
        )
    for alias in settings.DATABASE_REPLICAS:
        yield _followed(alias, system)


def _followed(alias: str, system: str) -> Finding:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(LAG)
            replays, copied, late = cursor.fetchone()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return Finding(
            AREA,
            f"{alias} does not answer: {reason}",
            "start it, or take it out of DATABASE_REPLICA_URLS; the primary answers meanwhile",
        )
    finally:
        connections[alias].close()
    if copied != system:
        return Finding(
            AREA, f"{alias} is a copy of another server", "correct DATABASE_REPLICA_URLS"
        )
    if not replays:
        return Finding(
            AREA,
            f"{alias} is no replica (any more)",
            "make it anew with pg_basebackup -R, or correct DATABASE_REPLICA_URLS",
        )
    if late > LATE_SECONDS:
        return Finding(
            AREA,
            f"{alias} is {late:.0f} seconds behind",
            "see its log and pg_stat_replication of the primary; the primary answers meanwhile",
        )
    return Finding(AREA, f"{alias} follows")


def pooler() -> Iterator[Finding]:
    """Behind a pooler the time limits come from it; without them a request may last for ever."""
    if not settings.DATABASE_POOLER:
        return
    url = env.str("DATABASE_URL").replace("postgres://", "postgresql://", 1)
    try:
        with psycopg.connect(url, connect_timeout=3, prepare_threshold=None) as pooled:
            found = pooled.execute(MILLISECONDS, [list(LIMITS)]).fetchall()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        yield Finding(
            "pooler", f"it does not answer: {reason}", "start it, or correct DATABASE_URL in .env"
        )
        return
    missing = sorted(name for name, value in found if value == 0)
    if missing:
        yield Finding(
            "pooler",
            f"no limit through it: {', '.join(missing)}",
            "set them by connect_query, as deploy/pgbouncer/pgbouncer.ini does",
        )
    else:
        yield Finding("pooler", "connections through it have their time limits")


QUESTIONS: list[Question] = [replicas, pooler]
