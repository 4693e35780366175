"""The keys that sign tokens: Ed25519 (RFC 8037), apart from SECRET_KEY, several at a time.

`settings.JWT_SIGNING_KEYS` lists seeds of 32 bytes in base64url. The first key signs; all of them
verify, so that a new key can be put in front, and an old one dropped when its last token is over.
The public halves are published as a JSON Web Key Set (RFC 7517).
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALGORITHM = "EdDSA"
SEED_BYTES = 32


@dataclass(frozen=True)
class Key:
    """One key pair; `kid` is the thumbprint of its public half (RFC 7638)."""

    kid: str
    private: Ed25519PrivateKey
    public: Ed25519PublicKey
    x: str

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


def signing_key() -> Key:
    """The key that signs what is issued now."""
    return next(iter(keyring().values()))


def keyring() -> dict[str, Key]:
    """All accepted keys by `kid`, the signing one first.

    Raises:
        ImproperlyConfigured: when there is none, or one is not 32 bytes in base64url.
    """
    return _keyring(tuple(settings.JWT_SIGNING_KEYS))


def key_set() -> dict[str, list[dict[str, str]]]:
    """The JSON Web Key Set of all accepted keys."""
    return {"keys": [key.jwk() for key in keyring().values()]}


@lru_cache(maxsize=8)
def _keyring(seeds: tuple[str, ...]) -> dict[str, Key]:
    if not seeds:
        raise ImproperlyConfigured("JWT_SIGNING_KEYS is empty; `make setup` writes a key to .env.")
    keys = [_key(seed, number) for number, seed in enumerate(seeds, start=1)]
    return {key.kid: key for key in keys}


def _key(seed: str, number: int) -> Key:
    try:
        secret = urlsafe_b64decode(seed + "=" * (-len(seed) % 4))
    except ValueError:
        secret = b""
    if len(secret) != SEED_BYTES:
        raise ImproperlyConfigured(
            f"Key {number} of JWT_SIGNING_KEYS is not {SEED_BYTES} bytes in base64url."
        )
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = private.public_key()
    x = _base64url(public.public_bytes_raw())
    # The members and the order that RFC 7638 asks for (RFC 8037, appendix A.3).
    thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return Key(_base64url(hashlib.sha256(thumbprint.encode()).digest()), private, public, x)


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
