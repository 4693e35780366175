"""The cursors of the API: signed, and bound to the list, its filters and its reader."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

_SALT = b"bookbridge.cursorsigner"
_KEY = hashlib.sha256(_SALT + os.environ.get("DJANGO_SECRET_KEY", "").encode()).digest()
_OUTSIDE_SCOPE = ("cursor", "page_size", "fields")
#: How many matches a search shows at most.
WINDOW = 500

Pairs = Sequence[tuple[str, str]]


class BadCursor(ValueError):
    """A cursor that this list did not give out."""


def scope_of(path: str, pairs: Pairs, reader_id: int | None) -> str:
    """The digest of a list, its filters and its reader."""
    filters = sorted(pair for pair in pairs if pair[0] not in _OUTSIDE_SCOPE)
    text = json.dumps([path, filters, reader_id])
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def encode(direction: str, values: Sequence[Any], scope: str) -> str:
    """The text of a cursor."""
    tagged = [
        ("t", value.isoformat()) if isinstance(value, datetime) else ("v", value)
        for value in values
    ]
    payload = json.dumps([scope, direction, tagged], separators=(",", ":"), ensure_ascii=False)
    body = _text(payload.encode())
    return f"{body}.{_signature(body)}"


def decode(text: str, scope: str) -> tuple[str, list[Any]]:
    """Direction and values of a cursor.

    Raises:
        BadCursor: it was changed, or belongs to another list.
    """
    body, _dot, signature = text.rpartition(".")
    if not hmac.compare_digest(signature, _signature(body)):
        raise BadCursor
    found, direction, values = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if found != scope:
        raise BadCursor
    return direction, [
        datetime.fromisoformat(value) if kind == "t" else value for kind, value in values
    ]


def address(base: str, pairs: Pairs, cursor: str | None) -> str | None:
    """The absolute address of the page at a cursor, with the filters of this one."""
    if cursor is None:
        return None
    kept = [pair for pair in pairs if pair[0] != "cursor"]
    return f"{base}?{urlencode([*kept, ('cursor', cursor)])}"


def _signature(body: str) -> str:
    return _text(hmac.new(_KEY, body.encode(), hashlib.sha256).digest())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
