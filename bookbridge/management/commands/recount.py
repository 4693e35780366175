"""Counts anew what is stored, and heals what is wrong."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bookbridge.invariants.healing import HEALINGS

SHOWN = 20


class Command(BaseCommand):
    """`manage.py recount [--dry-run] [--only NAME ...] [--json]`"""

    help = "Heal stored counts, places of lists and search texts, and say what was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--dry-run", action="store_true", help="say it, change nothing")
        parser.add_argument("--only", nargs="+", choices=list(HEALINGS), help="these alone")
        parser.add_argument("--json", action="store_true", help="every change, as a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Heal one kind after the other, each row in a short transaction of its own."""
        write = not options["dry_run"]
        changed: dict[str, list[dict[str, Any]]] = {}
        for name in options["only"] or HEALINGS:
            changed[name] = list(HEALINGS[name](write=write))
            if not options["json"]:
                self.say(name, changed[name], write=write)
        if options["json"]:
            self.stdout.write(json.dumps(changed, ensure_ascii=False, indent=1))

    def say(self, name: str, changes: list[dict[str, Any]], *, write: bool) -> None:
        """One line for each kind, and the first of its changes."""
        if not changes:
            self.stdout.write(f"{name}: all right")
            return
        self.stdout.write(f"{name}: {len(changes)} {'healed' if write else 'to heal'}")
        for change in changes[:SHOWN]:
            self.stdout.write(f"  {json.dumps(change, ensure_ascii=False)}")
        if len(changes) > SHOWN:
            self.stdout.write(f"  and {len(changes) - SHOWN} more (--json shows all)")
