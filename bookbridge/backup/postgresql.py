"""Dumps of a PostgreSQL database by its own tools, and back in one transaction."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from bookbridge.backup.contents import LEFT_OUT, BackupError, row_counts

MEMBER = "database.dump"
#: How long a restore waits for those who still use a table.
LOCK_TIMEOUT = "10s"
_COPY = re.compile(rb"COPY (?:\w+\.)?\"?(\w+)\"? ?(?:\(.*\) )?FROM stdin;\n")


#: Functions of the program's own (triggers), not those that came with an extension.
OWN_FUNCTIONS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend WHERE objid = pg_proc.oid
        AND classid = 'pg_proc'::regclass AND deptype = 'e'
    )
"""


def dump(target: Path) -> dict[str, int]:
    """Write a dump without the rows of the tables left out; gives the rows of each table in it.

    Counts and dump are of the very same moment, whatever others write meanwhile.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            snapshot, schema = cursor.fetchone()
        _run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            f"--snapshot={snapshot}",
            *(f"--exclude-table-data={schema}.{table}" for table in LEFT_OUT),
            f"--file={target}",
            connection.settings_dict["NAME"],
        )
        return row_counts()


def count(file: Path) -> dict[str, int]:
    """The rows of each table of a dump, by reading all of it.

    Raises:
        BackupError: it is damaged.
    """
    counts: dict[str, int] = {}
    command = [_tool("pg_restore"), "--data-only", "--file=-", str(file)]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:
        assert reading.stdout  # noqa: S101  (they are pipes)
        assert reading.stderr  # noqa: S101
        table = ""
        for line in reading.stdout:
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    counts[table] += 1
            elif found := _COPY.fullmatch(line):
                table = found[1].decode()
                counts[table] = 0
        complaint = reading.stderr.read().decode(errors="replace")
    if reading.returncode:
        raise BackupError(f"The dump in the backup cannot be read: {_first(complaint)}")
    return counts


def load(file: Path) -> None:
    """Replace tables and functions by those of the dump, in one transaction: all or nothing.

    Raises:
        BackupError: it did not work, and nothing was changed.
    """
    script = file.with_suffix(".sql")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
        )
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(OWN_FUNCTIONS)
        functions = [name for (name,) in cursor.fetchall()]
    connection.close()
    _run(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        f"--file={script}",
        str(file),
    )
    drop = file.with_name("drop.sql")
    drop.write_text(_drop("TABLE", tables) + _drop("FUNCTION", functions))
    _run(
        "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        f"--file={drop}", f"--file={script}", "--output=/dev/null",
        connection.settings_dict["NAME"],
    )  # fmt: skip


def _drop(kind: str, names: list[str]) -> str:
    return f"DROP {kind} {', '.join(names)} CASCADE;\n" if names else ""


def server() -> str:
    """The version of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackupError(
            f"{name} is not installed. Debian and Ubuntu: sudo apt-get install postgresql-client"
        )
    return path


def _run(tool: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL on the database of the settings; the password is never shown."""
    done = subprocess.run(  # noqa: S603
        [_tool(tool), *arguments],
        env={**os.environ, **_environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        complaint = done.stderr.decode(errors="replace")
        advice = ""
        if "version mismatch" in complaint:
            major = server().partition(".")[0]
            advice = f" Install the tools of the server: apt-get install postgresql-client-{major}"
        raise BackupError(f"{tool}: {_first(complaint)}{advice}")


def _environment() -> dict[str, str]:
    settings: dict[str, Any] = connection.settings_dict
    options = settings.get("OPTIONS", {})
    limits = {
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "lock_timeout": LOCK_TIMEOUT,
    }
    found = {
        "PGHOST": settings["HOST"],
        "PGPORT": settings["PORT"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
        "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        "PGCLIENTENCODING": "UTF8",
    }
    return {name: str(value) for name, value in found.items() if value}


def _first(complaint: str) -> str:
    """The line of a tool's complaint that says what is wrong."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it failed without a word"])[0]
