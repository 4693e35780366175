"""Gives everything that is sealed in the database to the first key of SEALING_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from bookbridge.kernel.resealing import Outcome, count_sealed, reseal_column, sealed_columns


class Command(BaseCommand):
    """`manage.py rotate_sealing_key [--dry-run]`"""

    help = (
        "Seal again, with the first key of SEALING_KEYS, what another one sealed: secrets of "
        "second factors and what waits in the outbox. Put a new key in front, restart, run this, "
        "then drop the old key. Safe to repeat, to interrupt, and while the platform runs. Fails "
        "when something cannot be opened with any of the keys."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--dry-run", action="store_true", help="count only, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each column."""
        lost = 0
        for model, column in sealed_columns():
            outcome, name = Outcome(), f"{model._meta.db_table}.{column}"
            walk = reseal_column(model, column, dry_run=options["dry_run"])
            total = count_sealed(model, column)
            for outcome in tqdm(walk, desc=name, total=total, unit="row", disable=None):  # noqa: B007
                pass
            done = "to seal again" if options["dry_run"] else "sealed again"
            self.stdout.write(
                f"{name}: {outcome.resealed} {done}, {outcome.current} with the first key already, "
                f"{outcome.lost} that no key opens"
            )
            lost += outcome.lost
        if lost:
            raise CommandError(
                f"{lost} cannot be opened: add the key that sealed them to SEALING_KEYS."
            )
