"""Brings a dump of Open Library into the database."""

from __future__ import annotations

from typing import Any

from bookbridge.importing.command import ImportCommand
from bookbridge.importing.openlibrary import Dump
from bookbridge.importing.reading import Source
from bookbridge.importing.report import Report


class Command(ImportCommand):
    """`manage.py import_openlibrary FILE [--dry-run] [--report PATH]`"""

    help = "Import authors, works and editions from a dump of Open Library. Repeatable."

    def bring(self, report: Report, options: dict[str, Any]) -> None:
        """Import the records."""
        dump = Dump(Source(options["file"]), report)
        with self.bar(dump.source.size, "Looking through") as bar:
            dump.look_through(bar.update)
        with self.bar(dump.source.size * len(dump.types), "Records") as bar:
            dump.load(dry_run=options["dry_run"], progress=bar.update)
