"""A forger: tokens that are good unless the arguments spoil them."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import jwt

from accounts.keys import signing_key
from accounts.models import Session

Claims = dict[str, Any]


def segment(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims_for(session: Session, **changes: Any) -> Claims:
    now = int(time.time())
    claims = {
        "iss": "bookbridge",
        "aud": "bookbridge",
        "sub": str(session.reader.uid),
        "sid": str(session.uid),
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + 600,
        "token_type": "access",
    }
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def signed(claims: Any, key: Any = None, alg: str = "EdDSA", **header: Any) -> str:
    """A token that is good unless the arguments spoil it; `name=...` leaves a header out."""
    header = {"typ": "at+jwt", "kid": signing_key().kid} | header
    given = {name: value for name, value in header.items() if value is not ...}
    private = key or signing_key().own_half()
    return jwt.encode(claims, private, algorithm=alg, headers=given)


def raw_signed(claims: Any, **header: Any) -> str:
    """Signed with the right key whatever stands in the header and payload."""
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": signing_key().kid} | header
    text = f"{segment(header)}.{segment(claims)}"
    return f"{text}.{segment(signing_key().own_half().sign(text.encode()))}"


def with_header(header: bytes, claims: Any, key: Any = None) -> str:
    """Signed, with these very bytes for a header."""
    text = f"{segment(header)}.{segment(claims)}"
    return f"{text}.{segment((key or signing_key().own_half()).sign(text.encode()))}"
