"""Takes the second factor from a reader who lost everything."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.second_factor.services import reset
from bookbridge.management.readers import reader_named


class Command(BaseCommand):
    """`manage.py reset_second_factor USERNAME`"""

    help = (
        "Switch off the second factor of a reader who lost app and recovery codes. Make sure that "
        "it is them: from then on the password alone signs in. The reader is told by mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch it off."""
        reader = reader_named(options["username"])
        if reset(reader=reader):
            self.stdout.write(f"{reader.username} signs in with the password alone now.")
        else:
            self.stdout.write(f"{reader.username} has no second factor.")
