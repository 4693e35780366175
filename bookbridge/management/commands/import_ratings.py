"""Brings ratings from a table into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from bookbridge.importing.command import ImportCommand, mapping
from bookbridge.importing.layouts import RATING_FIELDS, RATINGS, choose
from bookbridge.importing.ratings import Ratings
from bookbridge.importing.reading import DELIMITERS, Source, Table
from bookbridge.importing.report import Report


class Command(ImportCommand):
    """`manage.py import_ratings FILE [--dry-run] [--report PATH] [--map FIELD=COLUMN]`"""

    help = "Import ratings from a table, after its books. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        super().add_arguments(parser)
        self.add_table_arguments(parser, RATING_FIELDS)
        parser.add_argument("--scale", type=int, choices=(5, 10), help="the best rating")

    def bring(self, report: Report, options: dict[str, Any]) -> None:
        """Import the rows."""
        source = Source(options["file"], encoding=options["encoding"])
        table = Table(source, delimiter=DELIMITERS.get(options["delimiter"]))
        layout = choose(
            RATINGS,
            table.header,
            mapped=mapping(options["map"], RATING_FIELDS),
            source=options["source"],
            scale=options["scale"],
        )
        ratings = Ratings(table, layout, report)
        with self.bar(source.size, layout.name) as bar:
            ratings.gather(bar.update)
        if not options["dry_run"]:
            with self.bar(len(ratings.names), "Readers", "") as bar:
                ratings.create_readers(bar.update)
        kept = ratings.settle()
        with self.bar(kept, "Ratings", "") as bar:
            ratings.publish(dry_run=options["dry_run"], progress=bar.update)
