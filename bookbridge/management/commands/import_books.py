"""Brings a catalogue from a table into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from bookbridge.importing.books import import_books
from bookbridge.importing.command import ImportCommand, mapping
from bookbridge.importing.layouts import BOOK_FIELDS, BOOKS, choose
from bookbridge.importing.reading import DELIMITERS, Source, Table
from bookbridge.importing.report import Report


class Command(ImportCommand):
    """`manage.py import_books FILE [--dry-run] [--report PATH] [--map FIELD=COLUMN]`"""

    help = "Import books from a table (goodbooks-10k, Book-Crossing, or with --map). Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        super().add_arguments(parser)
        self.add_table_arguments(parser, BOOK_FIELDS)

    def bring(self, report: Report, options: dict[str, Any]) -> None:
        """Import the rows."""
        source = Source(options["file"], encoding=options["encoding"])
        table = Table(source, delimiter=DELIMITERS.get(options["delimiter"]))
        mapped = mapping(options["map"], BOOK_FIELDS)
        layout = choose(BOOKS, table.header, mapped=mapped, source=options["source"])
        with self.bar(source.size, layout.name) as bar:
            import_books(table, layout, report, dry_run=options["dry_run"], progress=bar.update)
