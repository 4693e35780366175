"""Passwords: how they are hashed, how many at a time, and which ones are taken.

Hashing is made to be slow and large. So a process hashes one password at a time; three more may
wait, for a second, and whoever comes then is told at once to come back. A flood of sign-ins so
takes neither the processors nor the threads of the server from the rest of the API: of a core that
two of them and the API share, it would get two thirds.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import InvalidInput, Unavailable

MAX_LENGTH = 256
AT_A_TIME = 1
WAITING = 3
WAIT_SECONDS = 1.0

_room = threading.BoundedSemaphore(AT_A_TIME + WAITING)
_slots = threading.BoundedSemaphore(AT_A_TIME)
_inside = threading.local()


@contextmanager
def hashing_room() -> Iterator[None]:
    """Be among those who hash or wait, for whatever has to be done around a hash as well.

    Entered again by the same thread it is the same place.

    Raises:
        Unavailable: 503 `busy`, at once, when too many are inside already.
    """
    if getattr(_inside, "room", False):
        yield
        return
    if not _room.acquire(blocking=False):
        raise _busy()
    _inside.room = True
    try:
        yield
    finally:
        _inside.room = False
        _room.release()


def require_room() -> None:
    """Refuse at once when there is no room now; it may be gone a moment later.

    Raises:
        Unavailable: 503 `busy`.
    """
    with hashing_room():
        pass


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Wait for a place among those that hash.

    Raises:
        Unavailable: 503 `busy`, when too many wait already, or when there is none within a second.
    """
    with hashing_room():
        if not _slots.acquire(timeout=WAIT_SECONDS):
            raise _busy()
        try:
            yield
        finally:
            _slots.release()


def _busy() -> Unavailable:
    return Unavailable(_("Too many people are signing in. Try again soon."), "busy", retry_after=1)


class Argon2Hasher(hashers.Argon2PasswordHasher):
    """Argon2id as OWASP advises: 19 MiB, two rounds, one lane; Django's default takes 100 MiB."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """The hash, once there is a place."""
        with hashing_slot():
            encoded: str = super().encode(password, salt)
        return encoded

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one hashed, once there is a place."""
        with hashing_slot():
            return bool(super().verify(password, encoded))


def normalized(password: str) -> str:
    """The password in one form, however a keyboard composes its letters (NIST SP 800-63B-4)."""
    return unicodedata.normalize("NFKC", password)


def waste_time_on(password: str) -> None:
    """Hash for nobody, so that an account that does not exist takes as long as one that does."""
    hashers.make_password(normalized(password))


def require_good_password(password: str, *, owner: Any, pointer: str = "/password") -> None:
    """Refuse what is too common or too close to what is known of `owner` (who need not be saved).

    Raises:
        InvalidInput: with Django's codes, `password_too_common`, `password_too_similar`,
            `password_too_short`, at `pointer`.
    """
    try:
        password_validation.validate_password(password, owner)
    except ValidationError as refusal:
        raise InvalidInput(
            [
                (pointer, error.code or "invalid", message)
                for error in refusal.error_list
                for message in error.messages
            ]
        ) from refusal
