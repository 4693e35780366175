"""Asks the database whether everything is as it must be."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookbridge.invariants.running import CHECKS, SHOWN, differences


class Command(BaseCommand):
    """`manage.py check_invariants [--only NAME ...] [--limit N] [--list]`"""

    help = (
        "Compare every stored count with a recount and hold every invariant. Prints a JSON list "
        "of differences; exit code 1 when there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--only", nargs="+", metavar="NAME", help="these checks alone")
        parser.add_argument("--limit", type=int, default=SHOWN, help="differences of each check")
        parser.add_argument("--list", action="store_true", help="say which checks there are")
        parser.add_argument(
            "--json", action="store_true", help="the default, for scripts that say what they want"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk the checks; the list goes to standard output, progress to standard error."""
        chosen = [check for check in CHECKS if check.name in (options["only"] or [check.name])]
        if unknown := set(options["only"] or ()) - {check.name for check in chosen}:
            raise CommandError(f"There is no check {min(unknown)}: see check_invariants --list")
        if options["list"]:
            for check in chosen:
                self.stdout.write(f"{check.name:34} {check.rule}")
            return
        if options["limit"] < 1:
            raise CommandError("--limit is at least 1.")

        def tell(line: str) -> None:
            if options["verbosity"]:
                self.stderr.write(line, self.style.NOTICE)

        found = differences(chosen, shown=options["limit"], tell=tell)
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1, default=str))
        if found:
            sys.exit(1)
