"""What the commands that import have in common: their options, progress, report and summary."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from accounts.models import User
from bookbridge.importing.reading import DELIMITERS, ENCODINGS, Unreadable
from bookbridge.importing.report import IMPORTED, REPAIRED, Report
from clubs.models import Author, Authorship, Book, BookSource, Isbn
from reviews.models import Review

#: Of the whole database: two imports at once would count each other's rows.
LOCK = 0x626F6F6B
#: The server needs a moment to notice that an import before this one was killed.
LOCK_TRIES, LOCK_PAUSE = 10, 0.3


class ImportCommand(BaseCommand):
    """Reads one file. Subclasses say in `bring` what becomes of its rows."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of all imports."""
        parser.add_argument("file", help="plain or gzip")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")
        parser.add_argument(
            "--report", help="file for the reasons (CSV); else below var/imports/", default=""
        )

    def add_table_arguments(self, parser: ArgumentParser, fields: tuple[str, ...]) -> None:
        """The options of imports from tables."""
        parser.add_argument(
            "--delimiter", choices=DELIMITERS, help="by default the one most in the header"
        )
        parser.add_argument(
            "--encoding", help=f"by default the first that fits of: {', '.join(ENCODINGS)}"
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column holds what, several with commas; fields: {', '.join(fields)}",
        )
        parser.add_argument("--source", help="name of the data set, for keys and usernames")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import one file and say what became of its rows."""
        self.quiet = options["verbosity"] == 0
        began = time.monotonic()
        stem = Path(options["file"]).name.split(".")[0]
        default = Path(settings.BASE_DIR) / "var" / "imports" / f"{stem}.report.csv"
        path = Path(options["report"]) if options["report"] else default
        try:
            with _alone(), Report(path) as report:
                self.bring(report, options)
                if not options["dry_run"] and (report.counts[IMPORTED] or report.counts[REPAIRED]):
                    _refresh_statistics()
        except (Unreadable, OSError) as error:
            raise CommandError(str(error)) from error
        if not self.quiet:
            done = "Would be: " if options["dry_run"] else ""
            self.stdout.write(done + "\n".join(report.summary()))
            self.stdout.write(f"Reasons: {path} ({time.monotonic() - began:.1f} s)")
        if not report.adds_up:
            raise CommandError("The numbers do not add up: this is a fault of the program.")

    def bring(self, report: Report, options: dict[str, Any]) -> None:
        """Do the work."""
        raise NotImplementedError

    def bar(self, total: int, label: str, unit: str = "B") -> tqdm:
        """A progress bar, where somebody watches."""
        return tqdm(
            total=total,
            desc=label,
            unit=unit,
            unit_scale=True,
            disable=True if self.quiet else None,
            leave=False,
        )


def mapping(given: list[str], fields: tuple[str, ...]) -> dict[str, str]:
    """`--map` as columns by field.

    Raises:
        CommandError: it is no pair, or names no field.
    """
    found = {}
    for pair in (pair for text in given for pair in text.split(",")):
        name, equals, column = pair.partition("=")
        if not equals or name.strip() not in fields:
            raise CommandError(
                f"--map {pair}: give FIELD=COLUMN; the fields are {', '.join(fields)}."
            )
        found[name.strip()] = column.strip()
    return found


def _refresh_statistics() -> None:
    """Let PostgreSQL know how much more there is now; it would notice only minutes later."""
    if connection.vendor == "postgresql":
        models = (Author, Authorship, Book, BookSource, Isbn, Review, User)
        tables = ", ".join(model._meta.db_table for model in models)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {tables}")


@contextmanager
def _alone() -> Iterator[None]:
    """Be the only import of the database; wait longer for locks than a request does."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for tries_left in reversed(range(LOCK_TRIES)):
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if cursor.fetchone()[0]:
                break
            if not tries_left:
                raise CommandError("Another import is under way. Wait until it is over.")
            time.sleep(LOCK_PAUSE)
        cursor.execute("SELECT set_config('lock_timeout', '60s', false)")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
                cursor.execute("RESET lock_timeout")
