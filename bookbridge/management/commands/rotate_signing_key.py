"""Changes the key that signs tokens, without signing anybody out."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.keys import EVER, keyring, read_anew, signing_key
from accounts.rotation import services
from bookbridge import env_file
from bookbridge.environment import BASE_DIR
from bookbridge.kernel.errors import DomainError
from bookbridge.management.readers import told

DOTENV = BASE_DIR / ".env"
NAME = "JWT_SIGNING_KEYS"


class Command(BaseCommand):
    """`manage.py rotate_signing_key [--now | --compromised | --clean-env | --list]`"""

    help = (
        "Add a key for tokens: published at once, signing when other services can know it; the "
        "keys before it are accepted until their last token is over. Servers need no restart."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options, one at a time."""
        one = parser.add_mutually_exclusive_group()
        one.add_argument(
            "--now",
            action="store_true",
            help="do not wait for the caches of other services; they must ask for unknown keys",
        )
        one.add_argument(
            "--compromised",
            action="store_true",
            help="end all other keys at once: every token dies, everybody signs in anew",
        )
        one.add_argument(
            "--clean-env",
            action="store_true",
            help=f"take keys that are over out of {NAME} in .env, or print the new line",
        )
        one.add_argument("--list", action="store_true", help="only say which keys there are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one of the four and say what is true now."""
        try:
            if options["clean_env"]:
                self.clean()
            elif options["compromised"]:
                services.begin_anew()
            elif not options["list"]:
                services.rotate(at_once=options["now"])
        except DomainError as refusal:
            raise told(refusal) from refusal
        self.tell()

    def tell(self) -> None:
        """One line for each accepted key."""
        read_anew()
        signing, now = signing_key(), timezone.now()
        for key in keyring().values():
            if key.kid == signing.kid:
                state = "signs"
            elif (key.signs_from or EVER) > now:
                state = f"is published and signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC"
            else:
                state = "is accepted"
            if key.ends_at is not None:
                state += f", ends at {key.ends_at:%Y-%m-%d %H:%M:%S} UTC"
            self.stdout.write(f"{key.kid} {state}")

    def clean(self) -> None:
        """Take what is over out of the environment, or say what to put there."""
        if not services.ended_in_environment():
            self.stderr.write(f"No key of {NAME} is over.")
            return
        value = ",".join(services.seeds_for_environment())
        written = env_file.value_of(DOTENV, NAME)
        if written is None or written.split(",") != list(settings.JWT_SIGNING_KEYS):
            self.stderr.write(f"{NAME} does not come from {DOTENV}. Where it comes from, put:")
            self.stdout.write(f"{NAME}={value}")
            return
        try:
            kept = env_file.replace_value(DOTENV, NAME, value, backups=self.backups())
        except OSError as error:
            raise CommandError(f"{DOTENV} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{DOTENV} is changed; as it was: {kept}. Delete that when all is well.")

    def backups(self) -> Path:
        """Where files are kept as they were."""
        return Path(settings.VAR_DIR) / "env"
