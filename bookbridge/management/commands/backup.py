"""Writes the whole platform into one file, and reads it back."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import erasures
from bookbridge.backup import archive
from bookbridge.backup.contents import BackupError


class Command(BaseCommand):
    """`manage.py backup [PATH] [--with-env] [--json]` or `manage.py backup --verify FILE`"""

    help = "Write one file with everything but sessions and secrets, verified by reading it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            help="a folder (the file is named after the moment) or a file; default var/backups",
        )
        parser.add_argument("--verify", type=Path, metavar="FILE", help="only read this backup")
        parser.add_argument("--with-env", action="store_true", help="also .env with its secrets")
        parser.add_argument("--json", action="store_true", help="the manifest, as a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or verify; what is wrong is one line, and exit code 1."""
        try:
            path = options["verify"] or self.target(options["path"])
            if options["verify"]:
                manifest = archive.verify(path)
            else:
                erasures.note(erasures.missing())
                manifest = archive.write(path, with_env=options["with_env"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"{erasures.ledger()}, the list of who left, cannot be written: {error.strerror}."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(path), **manifest}, indent=1))
            return
        rows = sum(manifest["counts"].values())
        size = path.stat().st_size / 1_000_000
        self.stdout.write(
            f"{path}: {rows:,} rows, {size:.1f} MB, BookBridge {manifest['bookbridge']} on "
            f"{manifest['database']}, {manifest['created_at']}; verified."
        )
        if not options["verify"]:
            if not options["with_env"]:
                self.stdout.write("Keep .env as well, apart from it: it is not in the backup.")
            self.stdout.write(f"Keep {erasures.ledger()} apart from it: a restore needs it.")

    def target(self, path: Path | None) -> Path:
        """The file to write."""
        folder = path or Path(settings.VAR_DIR) / "backups"
        if path is not None and path.suffix == ".zip":
            return path
        return folder / archive.name_at(timezone.now())
