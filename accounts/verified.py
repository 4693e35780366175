"""Access tokens whose signature was verified, so that it is verified once in a token's life.

A token is good or forged for ever: nothing but its time and its key can change that, and both are
asked each time. Whether its session counts is not remembered anywhere; see `sessions`.
"""

from __future__ import annotations

import hashlib
import time
from threading import Lock
from typing import Any

import jwt
from django.conf import settings

from accounts.keys import keyring

#: So many tokens in each process, about 2 KB each; the oldest make room.
LIMIT = 2_048


class VerifiedTokens:
    """Claims by the digest of the token; the token itself is not kept, and of a person only ids."""

    def __init__(self, *, leeway: int, limit: int = LIMIT) -> None:
        self._leeway = leeway
        self._limit = limit
        self._known: dict[bytes, tuple[str, tuple[str, str], dict[str, Any]]] = {}
        self._lock = Lock()

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that was verified, or None when it has to be (again).

        Raises:
            ExpiredSignatureError: its time is over.
        """
        digest = _digest(token)
        known = self._known.get(digest)
        if known is None:
            return None
        kid, meant_for, claims = known
        if kid not in keyring() or meant_for != _meant_for():
            self._forget(digest)
            return None
        if claims["exp"] <= time.time() - self._leeway:
            self._forget(digest)
            raise jwt.ExpiredSignatureError("expired")
        return dict(claims)

    def remember(self, token: str, kid: str, claims: dict[str, Any]) -> None:
        """Note a token that was just verified with the key `kid`."""
        over = time.time() - self._leeway
        with self._lock:
            while self._known and self._oldest_goes(over):
                del self._known[next(iter(self._known))]
            self._known[_digest(token)] = (kid, _meant_for(), dict(claims))

    def _oldest_goes(self, over: float) -> bool:
        _kid, _meant_for, claims = next(iter(self._known.values()))
        return len(self._known) >= self._limit or bool(claims["exp"] <= over)

    def __len__(self) -> int:
        return len(self._known)

    def _forget(self, digest: bytes) -> None:
        with self._lock:
            self._known.pop(digest, None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _meant_for() -> tuple[str, str]:
    return settings.JWT_ISSUER, settings.JWT_AUDIENCE
