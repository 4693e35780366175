"""The keys that sign tokens: Ed25519 (RFC 8037), apart from SECRET_KEY, several at a time.

`settings.JWT_SIGNING_KEYS` lists seeds of 32 bytes in base64url, of which the first signs until
`manage.py rotate_signing_key` has added a key. Keys that it adds are rows of the database, sealed,
so that all servers agree on them; each process reads them again every `JWT_KEYRING_SECONDS` (0:
never, the environment alone counts). The public halves of all accepted keys are published as a
JSON Web Key Set (RFC 7517).
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

from accounts.rotation.models import SigningKey
from bookbridge.kernel.sealing import CannotOpen, unseal

ALGORITHM = "EdDSA"
SEED_BYTES = 32
#: So long other services may keep the key set, in seconds.
KEY_SET_MAX_AGE = 300
#: A key that is not known is looked for once in so many seconds, whoever asks.
UNKNOWN_SECONDS = 1
EVER = datetime.min.replace(tzinfo=UTC)

logger = logging.getLogger("bookbridge.security")


@dataclass(frozen=True)
class Key:
    """One key; `kid` is the thumbprint of its public half (RFC 7638).

    Attributes:
        x: the public half in base64url.
        private: None where only the public half is at hand.
        signs_from: not before; None for keys of the environment, which always might.
        ends_at: not accepted any more from then on.
    """

    kid: str
    public: Ed25519PublicKey
    x: str
    private: Ed25519PrivateKey | None = None
    signs_from: datetime | None = None
    ends_at: datetime | None = None

    def own_half(self) -> Ed25519PrivateKey:
        """The private half.

        Raises:
            ImproperlyConfigured: it is not at hand.
        """
        if self.private is None:
            raise ImproperlyConfigured(f"The private half of the key {self.kid} is not at hand.")
        return self.private

    def jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": self.x,
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


@dataclass(frozen=True)
class Ring:
    """All accepted keys by `kid`, the latest first, as they were read at one moment."""

    source: tuple[tuple[str, ...], bool]
    accepted: dict[str, Key]
    read_at: float

    def signing(self, now: datetime) -> Key:
        """The latest key whose time to sign has come.

        Raises:
            ImproperlyConfigured: there is none.
        """
        for key in self.accepted.values():
            if key.private is not None and (key.signs_from or EVER) <= now:
                return key
        raise ImproperlyConfigured("No key may sign: run `manage.py rotate_signing_key`.")


class _Reader:
    """The ring of this process; one thread reads it anew while the others use what there is."""

    def __init__(self) -> None:
        self._ring: Ring | None = None
        self._lock = Lock()

    def ring(self, max_age: float) -> Ring:
        source = (tuple(settings.JWT_SIGNING_KEYS), bool(settings.JWT_KEYRING_SECONDS))
        before = self._usable(source)
        if before is not None and self._is_fresh(before, max_age):
            return before
        if not self._lock.acquire(blocking=before is None):
            return before  # type: ignore[return-value]
        try:
            ring = self._usable(source)
            if ring is None or not self._is_fresh(ring, max_age):
                ring = self._read(source, before)
            self._ring = ring
            return ring
        finally:
            self._lock.release()

    def _usable(self, source: tuple[tuple[str, ...], bool]) -> Ring | None:
        ring = self._ring
        return ring if ring is not None and ring.source == source else None

    def _is_fresh(self, ring: Ring, max_age: float) -> bool:
        return not ring.source[1] or time.monotonic() - ring.read_at < max_age

    def _read(self, source: tuple[tuple[str, ...], bool], before: Ring | None) -> Ring:
        seeds, from_database = source
        try:
            rows = list(SigningKey.objects.all()) if from_database else []
        except DatabaseError:
            if before is None:
                raise
            logger.exception("signing_keys_not_read")
            return replace(before, read_at=time.monotonic())
        return Ring(source, _accepted(seeds, rows), time.monotonic())


_reader = _Reader()


def signing_key() -> Key:
    """The key that signs what is issued now.

    Raises:
        ImproperlyConfigured: there is none.
    """
    return _reader.ring(settings.JWT_KEYRING_SECONDS).signing(timezone.now())


def keyring() -> dict[str, Key]:
    """All accepted keys by `kid`, the latest first.

    Raises:
        ImproperlyConfigured: when there is none, or one is not 32 bytes in base64url.
    """
    return _reader.ring(settings.JWT_KEYRING_SECONDS).accepted


def accepted_key(kid: object) -> Key | None:
    """The key called `kid`, if it is one of ours; a new one of another server is looked for."""
    if not isinstance(kid, str):
        return None
    found = keyring().get(kid)
    return found or _reader.ring(UNKNOWN_SECONDS).accepted.get(kid)


def read_anew() -> None:
    """Let this process see at once what it changed."""
    _reader.ring(0)


def key_set() -> dict[str, list[dict[str, str]]]:
    """The JSON Web Key Set of all accepted keys."""
    return {"keys": [key.jwk() for key in keyring().values()]}


@lru_cache(maxsize=32)
def key_from(seed: str) -> Key:
    """The key that grows from a seed.

    Raises:
        ImproperlyConfigured: it is not 32 bytes in base64url.
    """
    try:
        secret = urlsafe_b64decode(seed + "=" * (-len(seed) % 4))
    except ValueError:
        secret = b""
    if len(secret) != SEED_BYTES:
        raise ImproperlyConfigured(f"it is not {SEED_BYTES} bytes in base64url")
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = private.public_key()
    x = _base64url(public.public_bytes_raw())
    # The members and the order that RFC 7638 asks for (RFC 8037, appendix A.3).
    thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    kid = _base64url(hashlib.sha256(thumbprint.encode()).digest())
    return Key(kid, public, x, private)


def keys_of_environment() -> list[Key]:
    """The keys of JWT_SIGNING_KEYS, also those whose time is over.

    Raises:
        ImproperlyConfigured: one is not 32 bytes in base64url.
    """
    return _of_environment(tuple(settings.JWT_SIGNING_KEYS))


def _of_environment(seeds: tuple[str, ...]) -> list[Key]:
    keys = []
    for number, seed in enumerate(seeds, start=1):
        try:
            keys.append(key_from(seed))
        except ImproperlyConfigured as error:
            raise ImproperlyConfigured(f"Key {number} of JWT_SIGNING_KEYS: {error}.") from error
    return keys


def _accepted(seeds: tuple[str, ...], rows: Iterable[SigningKey]) -> dict[str, Key]:
    known = {key.kid: key for key in _of_environment(seeds)}
    ended, now = set(), timezone.now()
    for row in rows:
        key = known.get(row.kid) or _opened(row)
        known[row.kid] = replace(key, signs_from=row.signs_from, ends_at=row.ends_at)
        if row.ends_at is not None and row.ends_at <= now:
            ended.add(row.kid)
    # Sorting is stable: keys of the environment stay in their order.
    latest = sorted(known.values(), key=lambda key: key.signs_from or EVER, reverse=True)
    accepted = {key.kid: key for key in latest if key.kid not in ended}
    if not accepted:
        raise ImproperlyConfigured("JWT_SIGNING_KEYS is empty; `make setup` writes a key to .env.")
    return accepted


def _opened(row: SigningKey) -> Key:
    """A key of the database; without its private half where that is not kept or not opened."""
    raw = urlsafe_b64decode(row.public + "=" * (-len(row.public) % 4))
    public = Key(row.kid, Ed25519PublicKey.from_public_bytes(raw), row.public)
    if not row.sealed_seed:
        return public
    try:
        return key_from(unseal(row.sealed_seed))
    except CannotOpen:
        logger.error("signing_key_not_opened", extra={"fields": {"kid": row.kid}})
        return public


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
