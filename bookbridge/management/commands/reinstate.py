"""Ends the suspension of a reader."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import reinstate_reader
from bookbridge.kernel.errors import DomainError
from bookbridge.management.readers import reader_named, told


class Command(BaseCommand):
    """`manage.py reinstate USERNAME [--reason TEXT] [--by USERNAME]`"""

    help = "End a suspension; where there is none, change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("username")
        parser.add_argument("--reason", default="", help="for the record")
        parser.add_argument("--by", metavar="USERNAME", help="the moderator who decided it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reinstate."""
        reader = reader_named(options["username"])
        by = reader_named(options["by"]) if options["by"] else None
        if reader.suspended_at is None:
            self.stdout.write(f"{reader.username} is not suspended.")
            return
        try:
            reinstate_reader(reader=reader, by=by, reason=options["reason"].strip())
        except DomainError as refusal:
            raise told(refusal) from refusal
        self.stdout.write(f"{reader.username} is reinstated.")
