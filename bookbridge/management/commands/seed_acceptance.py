"""Makes the world with which a running server is tried."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bookbridge.acceptance.world import Json, ready_world
from bookbridge.kernel.errors import DomainError
from bookbridge.management.readers import told
from bookbridge.management.refusal import refuse_in_production


class Command(BaseCommand):
    """`manage.py seed_acceptance [--json] [--force]`"""

    help = (
        "A public, a private and a hidden club and one reader of every kind, with new passwords "
        "at each run; what is there already is made right again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--json", action="store_true", help="everything, as a JSON object")
        parser.add_argument("--force", action="store_true", help="also under production settings")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and tell it."""
        refuse_in_production("accounts with printed passwords, an admin among them", options)
        try:
            world = ready_world()
        except DomainError as refusal:
            raise told(refusal) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(world, ensure_ascii=False, indent=1))
        else:
            self.say(world)

    def say(self, world: Json) -> None:
        """A table for people."""
        for kind, reader in world["readers"].items():
            self.stdout.write(f"{kind:16} {reader['username']:24} {reader['password']}")
        for visibility, club in world["clubs"].items():
            self.stdout.write(f"{visibility:16} {club['slug']:32} {club['invitation_token']}")
