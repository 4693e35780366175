"""Puts a backup in place of the database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import erasures
from bookbridge.backup import afterwards
from bookbridge.backup.contents import BackupError
from bookbridge.backup.restoring import restore


class Command(BaseCommand):
    """`manage.py restore FILE [--force]` or `manage.py restore --settle`"""

    help = (
        "Put a verified backup in place of the database. Sessions, idempotency keys and "
        "invitations do not revive, and who left stays erased. Stop the server first."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("file", nargs="?", type=Path, help="what `backup` wrote")
        parser.add_argument("--force", action="store_true", help="replace a database in use")
        parser.add_argument(
            "--settle",
            action="store_true",
            help="only what follows a restore: after one by other means, or one that was cut off",
        )
        parser.add_argument("--json", action="store_true", help="what was settled, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, then settle; what is wrong is one line, and exit code 1."""
        if bool(options["file"]) == options["settle"]:
            raise CommandError("Name the file of a backup, or --settle after another restore.")
        if options["settle"]:
            settled = afterwards.settle()
        else:
            try:
                settled = restore(options["file"], force=options["force"], tell=self.tell)[
                    "settled"
                ]
            except BackupError as error:
                raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(settled))
            return
        for what, number in settled.items():
            self.stdout.write(f"{number:8,} {what.replace('_', ' ')}")
        ledger = erasures.ledger()
        if ledger is None or not ledger.exists():
            self.stderr.write(
                f"There is no list of who left ({ledger}): put it there and run restore --settle.",
                self.style.WARNING,
            )
        self.stdout.write("Done. `check_invariants` shows that everything is as it must be.")

    def tell(self, line: str) -> None:
        """Say what is being done."""
        self.stderr.write(line, self.style.NOTICE)
