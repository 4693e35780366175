"""Shuts a reader out, until a moment or until somebody reinstates them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.services import suspend_reader
from bookbridge.kernel.errors import DomainError
from bookbridge.management.readers import reader_named, told


class Command(BaseCommand):
    """`manage.py suspend USERNAME --reason TEXT [--until MOMENT] [--by USERNAME]`"""

    help = "Suspend a reader: tokens stop working at once. `reinstate` ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="for the reader and the record")
        parser.add_argument("--until", help="a day or a moment (ISO 8601; UTC without a zone)")
        parser.add_argument("--by", metavar="USERNAME", help="the moderator who decided it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Suspend."""
        if not options["reason"].strip():
            raise CommandError("--reason must say why.")
        until = moment(options["until"]) if options["until"] else None
        reader = reader_named(options["username"])
        by = reader_named(options["by"]) if options["by"] else None
        try:
            suspend_reader(reader=reader, by=by, reason=options["reason"].strip(), until=until)
        except DomainError as refusal:
            raise told(refusal) from refusal
        end = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until somebody reinstates them"
        self.stdout.write(f"{reader.username} is suspended {end}.")


def moment(text: str) -> datetime:
    """A moment to come.

    Raises:
        CommandError: it is none, or is over.
    """
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)) is not None:
            found = datetime.combine(day, time())
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{text} is no moment; write it like 2031-05-17 or 2031-05-17T18:00Z.")
    found = found if timezone.is_aware(found) else timezone.make_aware(found, UTC)
    found = found.astimezone(UTC)
    if found <= timezone.now():
        raise CommandError(f"{text} is over.")
    return found
