"""Access tokens: the key of BookBridge, and whether session and reader behind one still count."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

KEYS = {key["kid"]: jwt.PyJWK(key) for key in json.loads(os.environ.get("BENCH_KEYS", "[]"))}


class Refused(Exception):
    """A token that is not good, or not any more."""


@dataclass(frozen=True)
class Viewer:
    """Who asks."""

    id: int
    language: str


def claims_of(header: str) -> dict[str, Any]:
    """The claims of `Authorization: Bearer <token>`.

    Raises:
        Refused: the token is not genuine, not meant for us, or over.
    """
    scheme, _space, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused
    try:
        kid = jwt.get_unverified_header(text)["kid"]
        claims: dict[str, Any] = jwt.decode(
            text, KEYS[kid].key, algorithms=["EdDSA"], issuer="bookbridge", audience="bookbridge"
        )
    except (jwt.InvalidTokenError, KeyError) as error:
        raise Refused from error
    return claims


def require_standing(row: Mapping[str, Any]) -> None:
    """Refuse a session that ended, and a reader who left or is suspended.

    Arguments:
        row: the columns of `statements.VIEWER`.

    Raises:
        Refused: it counts no more.
    """
    now = datetime.now(UTC)
    suspended = row["suspended_at"] is not None and (
        row["suspended_until"] is None or row["suspended_until"] > now
    )
    ended = row["revoked_at"] is not None or row["expires_at"] <= now
    if suspended or ended or row["erased_at"] is not None:
        raise Refused
