"""Secrets that must be read back: encrypted at rest with keys from the environment that rotate.

`settings.SEALING_KEYS` lists Fernet keys (32 bytes in base64url, authenticated encryption). The
first one seals, all of them open, so that a new key is put in front and an old one dropped when
nothing is sealed with it any more.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class CannotOpen(ValueError):
    """What was given was not sealed with any of the keys, or was changed since."""


def seal(text: str) -> str:
    """`text`, encrypted with the first key."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed.

    Raises:
        CannotOpen: the key is gone, or the text was tampered with.
    """
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen("sealed with a key that is not in SEALING_KEYS") from error


def reseal(sealed: str) -> str:
    """The same secret, sealed with the first key.

    Raises:
        CannotOpen: as `unseal`.
    """
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen("sealed with a key that is not in SEALING_KEYS") from error


def is_sealed_with_first_key(sealed: str) -> bool:
    """Whether the first key opens it, so that no other one is needed."""
    try:
        _made(tuple(settings.SEALING_KEYS[:1])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return _made(tuple(settings.SEALING_KEYS))


@lru_cache(maxsize=8)
def _made(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("SEALING_KEYS is empty; `make setup` writes a key to .env.")
    try:
        return MultiFernet([Fernet(key + "=" * (-len(key) % 4)) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("A key of SEALING_KEYS is not 32 bytes in base64url.") from error
