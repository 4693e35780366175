"""Makes a reader a site moderator, or an account that is one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import MODERATOR
from accounts.services import register, set_roles
from bookbridge.kernel.errors import DomainError
from bookbridge.management.readers import find_reader, new_password, told


class Command(BaseCommand):
    """`manage.py create_moderator USERNAME [--email ADDRESS] [--generate-password]`"""

    help = "Give a reader the role of a site moderator; with --email make the account first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("username")
        parser.add_argument("--email", help="of the account to make, when there is none")
        parser.add_argument("--display-name", default="")
        parser.add_argument(
            "--generate-password", action="store_true", help="make one and print it, do not ask"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find or make the account, then add the role to those it has."""
        reader = find_reader(options["username"])
        try:
            if reader is None:
                self.create(options)
                return
            if options["email"] is not None:
                raise CommandError(
                    f"There is a reader called {reader.username}: leave --email out."
                )
            roles = reader.site_roles()
            if MODERATOR in roles:
                self.stdout.write(f"{reader.username} is a moderator already.")
                return
            set_roles(reader=reader, roles=[*roles, MODERATOR])
            self.stdout.write(f"{reader.username} is a moderator now.")
        except DomainError as refusal:
            raise told(refusal) from refusal

    def create(self, options: dict[str, Any]) -> None:
        """Make the account."""
        if not options["email"]:
            raise CommandError(
                f"There is no reader called {options['username']}. To make the account: "
                f"create_moderator {options['username']} --email ADDRESS"
            )
        password, made_here = new_password(ask=not options["generate_password"])
        with transaction.atomic():
            reader = register(
                username=options["username"],
                vouched=True,
                email=options["email"],
                password=password,
                display_name=options["display_name"],
            )
            set_roles(reader=reader, roles=[MODERATOR])
        self.stdout.write(f"Made the account {reader.username}, a moderator.")
        if made_here:
            self.stdout.write(f"Password (shown only now): {password}")
