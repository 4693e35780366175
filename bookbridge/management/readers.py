"""What commands about readers share: finding them, and asking for a password."""

from __future__ import annotations

import getpass
import secrets
import sys

from django.core.management.base import CommandError

from accounts.models import User
from bookbridge.kernel.errors import DomainError, InvalidInput


def find_reader(username: str) -> User | None:
    """A reader who has not left, or None."""
    found: User | None = User.objects.visible().filter(username=username.lower()).first()
    return found


def reader_named(username: str) -> User:
    """A reader who has not left.

    Raises:
        CommandError: there is none of this name.
    """
    reader = find_reader(username)
    if reader is None:
        raise CommandError(f"There is no reader called {username}.")
    return reader


def new_password(*, ask: bool) -> tuple[str, bool]:
    """A password, and whether it was made here: asked for where somebody sits at a terminal."""
    if not ask or not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("The two are not the same.")
    return password, False


def told(refusal: DomainError) -> CommandError:
    """A refusal of a service as one line."""
    faults = refusal.errors if isinstance(refusal, InvalidInput) else []
    reasons = "; ".join(str(detail) for _pointer, _code, detail in faults)
    return CommandError(reasons or str(refusal))
