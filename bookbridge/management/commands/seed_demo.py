"""Fills a database with the demo: real books, invented readers, clubs, lists and reviews.

With a scale an invented platform of any size comes on top, by bulk load.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from time import monotonic
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from accounts.passwords import normalized
from bookbridge.demo.chance import SEED
from bookbridge.demo.data import load
from bookbridge.demo.loading import is_loaded, load_demo
from bookbridge.environment import env
from bookbridge.kernel.errors import DomainError
from bookbridge.management.refusal import refuse_in_production
from bookbridge.scale import loading as scale
from bookbridge.scale.sizes import Impossible, Size, of_scale

NUMBERS = ("readers", "clubs", "reviews", "books", "hot_book")
PASSWORDS = ("DEMO_ADMIN_PASSWORD", "DEMO_READER_PASSWORD")


class Command(BaseCommand):
    """`manage.py seed_demo [--dry-run] [--small] [--force] [--scale S | --readers N ...]`"""

    help = "Load the demo; where it is loaded already, change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument(
            "--dry-run", action="store_true", help="do everything, then undo it and say what it was"
        )
        parser.add_argument("--small", action="store_true", help="a small part of the demo")
        parser.add_argument("--force", action="store_true", help="also under production settings")
        parser.add_argument(
            "--scale",
            type=float,
            help="also an invented platform; 1 is 50,000 readers, 5,000 clubs, 1,000,000 reviews",
        )
        for name in NUMBERS:
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                type=int,
                metavar="N",
                help="so many reviews of one book" if name == "hot_book" else f"so many {name}",
            )
        parser.add_argument("--seed", type=int, default=SEED, help="another one: other rows")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse, do nothing, or load."""
        refuse_in_production("the demo brings accounts with known names", options)
        size = self.size(options)
        self.load_curated(options)
        if size is not None:
            self.load_invented(size, options)

    def size(self, options: dict[str, Any]) -> Size | None:
        """How large the invented platform is to be, if there is to be one."""
        numbers = {name: options[name] for name in NUMBERS if options[name] is not None}
        if options["scale"] is None and not numbers:
            return None
        try:
            size = of_scale(options["scale"] if options["scale"] is not None else 0.1)
            return replace(size, **numbers)
        except Impossible as refusal:
            raise CommandError(f"That cannot be: {refusal}.") from refusal

    def load_curated(self, options: dict[str, Any]) -> None:
        """The demo itself, through the services."""
        data = load(small=options["small"])
        if is_loaded(data):
            self.say(options, "The demo is loaded already. Nothing was changed.")
            return
        admin_password, reader_password = self.passwords()
        try:
            loaded = load_demo(
                data,
                admin_password=admin_password,
                reader_password=reader_password,
                now=timezone.now(),
                quiet=options["verbosity"] == 0,
                keep=not options["dry_run"],
            )
        except DomainError as refusal:
            raise CommandError(f"The demo cannot be loaded: {refusal}") from refusal
        what = ", ".join(f"{number} {name}" for name, number in loaded.items())
        done = "Would load" if options["dry_run"] else "Loaded"
        self.say(options, f"{done} {what}. Passwords: {' and '.join(PASSWORDS)} in .env.")

    def load_invented(self, size: Size, options: dict[str, Any]) -> None:
        """The invented platform, by bulk load."""
        if scale.is_loaded():
            self.say(options, "An invented platform is loaded already. Nothing was changed.")
            return
        _admin, password = self.passwords()
        begun = monotonic()
        try:
            loaded = scale.load_scale(
                size,
                now=timezone.now(),
                password=make_password(normalized(password)),
                seed=options["seed"],
                quiet=options["verbosity"] == 0,
                keep=not options["dry_run"],
            )
        except IntegrityError as refusal:
            raise CommandError(f"What is here is in the way: {refusal}") from refusal
        what = ", ".join(f"{number:,} {name}" for name, number in loaded.items())
        done = "Would load" if options["dry_run"] else "Loaded"
        self.say(options, f"{done} {what} in {monotonic() - begun:.0f} s.")

    def passwords(self) -> list[str]:
        """The passwords of the demo's accounts."""
        values = {name: env.str(name, default="") for name in PASSWORDS}
        missing = [name for name, value in values.items() if not value]
        if missing:
            raise CommandError(
                f"{' and '.join(missing)} not set: `make setup` writes random ones to .env."
            )
        return list(values.values())

    def say(self, options: dict[str, Any], line: str) -> None:
        """Tell the person at the keyboard, unless told to be quiet."""
        if options["verbosity"]:
            self.stdout.write(line)
