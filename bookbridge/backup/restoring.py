"""The way back: a verified backup in place of the database, brought up to date and settled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, connection

from accounts import erasures
from bookbridge.backup import afterwards, archive
from bookbridge.backup.contents import (
    BackupError,
    Migrations,
    is_empty,
    row_counts,
    unknown_migrations,
)


def restore(path: Path, *, force: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Put a backup in place of the database; gives its manifest and what was settled.

    Arguments:
        force: also where somebody has written something; all of it is replaced.
        tell: is told what is being done.

    Raises:
        BackupError: nothing was changed; the message says why and what to do.
    """
    tell("Reading the backup ...")
    with archive.opened(path) as (manifest, dump):
        _require_fitting(manifest)
        if not is_empty():
            if not force:
                raise BackupError(
                    "The database is not empty. Restore into an empty one, or replace all that "
                    "is in it: restore --force"
                )
            _remember_erasures()
        tell("Replacing the database ...")
        archive.database().load(dump)
    _require_same_rows(manifest["counts"])
    tell("Migrating to this version, where needed ...")
    call_command("migrate", interactive=False, verbosity=0)
    tell("Ending sessions, withdrawing invitations, erasing again who left ...")
    return {"manifest": manifest, "settled": afterwards.settle()}


def _require_fitting(manifest: archive.Manifest) -> None:
    if manifest["database"] != connection.vendor:
        raise BackupError(
            f"This is a backup of {manifest['database']}, the database here is "
            f"{connection.vendor}. Set DATABASE_URL accordingly."
        )
    migrations: Migrations = manifest["migrations"]
    if unknown := unknown_migrations(migrations):
        raise BackupError(
            f"The backup is of BookBridge {manifest['bookbridge']} and has migrations that this "
            f"version does not know ({', '.join(unknown[:3])}). Install that version or a later "
            "one and restore there."
        )


def _remember_erasures() -> None:
    """Note who left according to the database that is about to be replaced."""
    try:
        erasures.note(erasures.missing())
    except DatabaseError:
        connection.close()  # a database that cannot be read is a reason to restore one
    except OSError as error:
        raise BackupError(
            f"{erasures.ledger()}, the list of who left, cannot be written: {error.strerror}."
        ) from error


def _require_same_rows(expected: dict[str, int]) -> None:
    found = row_counts(left_out=True)
    wrong = {table for table, number in expected.items() if found.get(table, number) != number}
    if wrong:
        raise BackupError(
            f"After the restore {', '.join(sorted(wrong))} has not the rows of the backup. "
            "Do not start the server; restore again."
        )
