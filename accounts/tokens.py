"""Access and refresh tokens: what they say, how they are signed, and what is believed.

Signature, algorithm, issuer, audience and times are checked here, without the database. Whether
the session behind a token still counts is asked in `authentication` and `sessions`.

The access token is a JWT as of RFC 9068 that any other service can check with the published keys
(docs/tokens.md says what is in it and how). BookBridge itself takes nothing from it but the ids:
rights come from the database each time.
"""

from __future__ import annotations

import json
import re
import uuid
from base64 import urlsafe_b64decode
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework_simplejwt import tokens as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)

from accounts.keys import ALGORITHM, accepted_key, signing_key
from accounts.models import Session, User
from accounts.site_roles import roles_in_force
from accounts.verified import VerifiedTokens
from bookbridge.kernel.errors import Unauthenticated

#: `typ` of the two kinds; neither is taken for the other.
ACCESS_KIND, REFRESH_KIND = "at+jwt", "refresh+jwt"
#: How far the clocks of two servers may differ.
LEEWAY_SECONDS = 30
#: Longer than any token of ours; what is longer is not looked at.
MAX_TOKEN_LENGTH = 4096
REQUIRED_CLAIMS = ("iss", "aud", "sub", "jti", "iat", "exp", "sid")
#: The last second of the year 9999.
LATEST = 253_402_300_799
KEPT_CLAIMS = (*REQUIRED_CLAIMS, "token_type")
HEADER = {"alg", "kid", "typ"}
#: Three parts; the last is the one way to write the 64 bytes of a signature in base64url.
FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")

_verified = VerifiedTokens(leeway=LEEWAY_SECONDS)


class KeyringBackend(TokenBackend):
    """Signs with the first key and names it; verifies with the key named, if it is one of ours.

    Nothing in a token chooses the algorithm or brings a key along: `kid` is looked up among the
    server's own keys, `jwk`, `jku` and `x5u` are never read (RFC 8725).
    """

    def __init__(self, kind: str, token_type: str) -> None:
        super().__init__(ALGORITHM, leeway=LEEWAY_SECONDS)
        self.kind, self.token_type = kind, token_type

    def encode(self, payload: dict[str, Any]) -> str:
        """The signed token."""
        key = signing_key()
        claims = {**payload, "iss": settings.JWT_ISSUER, "aud": settings.JWT_AUDIENCE}
        headers = {"kid": key.kid, "typ": self.kind}
        return jwt.encode(claims, key.own_half(), algorithm=ALGORITHM, headers=headers)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """The claims of a token that is genuine, meant for us, and in its time.

        An access token is verified in full once; what remains to be asked each time it comes
        again is whether its time is over and its key still there.

        Raises:
            TokenBackendExpiredToken: it was all that, once.
            TokenBackendError: everything else; why is nobody's business.
        """
        try:
            claims = _verified.claims(token)
            if claims is None:
                claims = self._verify(token)
        except jwt.ExpiredSignatureError as error:
            raise TokenBackendExpiredToken("expired") from error
        except (
            jwt.InvalidTokenError, ValueError, TypeError, AttributeError, RecursionError,
        ) as error:  # fmt: skip
            raise TokenBackendError("refused") from error
        return claims

    def _verify(self, token: str) -> dict[str, Any]:
        if not FORM.fullmatch(token):
            raise ValueError("not of the form of our tokens")
        header = _header(token)
        if set(header) != HEADER or header["typ"] != self.kind:
            raise ValueError("not a header of ours")
        key = accepted_key(header["kid"])
        if key is None:
            raise ValueError("not a key of ours")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public,
            algorithms=[ALGORITHM],
            issuer=settings.JWT_ISSUER,
            audience=settings.JWT_AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED_CLAIMS), "strict_aud": True},
        )
        if type(claims["exp"]) is not int or claims["exp"] > LATEST:
            raise ValueError("not a moment as we write it")
        if claims.get("token_type") != self.token_type:
            raise ValueError("of the other kind")
        for claim in ("sub", "sid"):
            uuid.UUID(claims[claim])
        # The rest is for other services: what nobody here has, nobody here believes or keeps.
        claims = {name: claims[name] for name in KEPT_CLAIMS if name in claims}
        if self.kind == ACCESS_KIND:
            _verified.remember(token, key.kid, claims)
        return claims


def _header(token: str) -> dict[str, Any]:
    """The header of a token, of which nothing is believed yet; each name may occur once."""
    text = token.partition(".")[0]
    header = json.loads(
        urlsafe_b64decode(text + "=" * (-len(text) % 4)), object_pairs_hook=_each_name_once
    )
    if not isinstance(header, dict):
        raise ValueError("no JSON object")
    return header


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


#: Ids of those who were here lately, as UUIDs.
_uuid = lru_cache(maxsize=2_048)(uuid.UUID)


class ReaderToken(simplejwt.Token):
    """What both kinds share: the ids of reader and session, as UUIDs."""

    session: Session

    @property
    def reader_uid(self) -> uuid.UUID:
        """The reader (`sub`)."""
        return _uuid(self["sub"])

    @property
    def session_uid(self) -> uuid.UUID:
        """The session (`sid`)."""
        return _uuid(self["sid"])

    def verify(self) -> None:
        """Check nothing: the backend has looked at every claim, once in a token's life."""


class AccessToken(ReaderToken):
    """Opens the API for ten minutes, as long as its session counts."""

    token_type = "access"  # noqa: S105
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
    _token_backend = KeyringBackend(ACCESS_KIND, token_type)


class RefreshToken(ReaderToken):
    """Buys one new pair; good only while its `jti` is the one its session names."""

    token_type = "refresh"  # noqa: S105
    lifetime = timedelta(days=settings.REFRESH_TOKEN_DAYS)
    _token_backend = KeyringBackend(REFRESH_KIND, token_type)


def issue_pair(reader: User, session: Session) -> dict[str, Any]:
    """A new access token and the refresh token that `session` waits for, as clients get them."""
    refresh = RefreshToken()
    refresh["sub"], refresh["sid"] = str(reader.uid), str(session.uid)
    refresh["jti"] = session.refresh_jti
    return {
        "access": access_token_for(reader, session),
        "refresh": str(refresh),
        "token_type": "Bearer",
        "expires_in": settings.ACCESS_TOKEN_SECONDS,
    }


def access_token_for(reader: User, session: Session) -> str:
    """A new access token. Roles are read from the groups, so that withdrawn ones do not live on."""
    token = AccessToken()
    token.payload |= {
        "sub": str(reader.uid),
        "sid": str(session.uid),
        "username": reader.username,
        "email": reader.email,
        "email_verified": reader.email_verified,
        "roles": roles_in_force(reader),
    }
    return str(token)


def read_access_token(text: str) -> AccessToken:
    """The access token in `text`.

    Raises:
        Unauthenticated: `invalid_token` or `token_expired`.
    """
    return _read(AccessToken, text)


def read_refresh_token(text: str) -> RefreshToken:
    """The refresh token in `text`.

    Raises:
        Unauthenticated: `invalid_token` or `token_expired`.
    """
    return _read(RefreshToken, text)


def invalid_token() -> Unauthenticated:
    """The answer to whatever is not a good token, without a word on why."""
    return refused(_("This token is not valid."), "invalid_token")


def refused(message: str, code: str, **extra: Any) -> Unauthenticated:
    """A 401 for a token, with the challenge of RFC 6750."""
    error = Unauthenticated(message, code, **extra)
    error.headers["WWW-Authenticate"] = 'Bearer realm="bookbridge", error="invalid_token"'
    return error


def _read(kind: Any, text: str) -> Any:
    if len(text) > MAX_TOKEN_LENGTH:
        raise invalid_token()
    try:
        return kind(text)
    except ExpiredTokenError as error:
        raise refused(_("This token has expired."), "token_expired") from error
    except (TokenError, ValueError, TypeError, OverflowError) as error:
        raise invalid_token() from error
