"""Tokens that are not ours, not meant for us, not of this kind or not of this time: all 401."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rest_framework.test import APIClient

from accounts.keys import keyring, signing_key
from accounts.models import Session
from accounts.tests.factories import SessionFactory
from accounts.tokens import access_token_for, issue_pair

pytestmark = pytest.mark.django_db
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
    private = key or signing_key().private
    return jwt.encode(claims, private, algorithm=alg, headers=given)


def raw_signed(claims: Any, **header: Any) -> str:
    """Signed with the right key whatever stands in the header and payload."""
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": signing_key().kid} | header
    text = f"{segment(header)}.{segment(claims)}"
    return f"{text}.{segment(signing_key().private.sign(text.encode()))}"


def status_with(token: str) -> tuple[int, str]:
    response = APIClient().get("/api/v1/users/", headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.json().get("code", "")


@pytest.fixture
def session() -> Session:
    return SessionFactory()


def test_the_forger_of_these_tests_can_make_good_tokens(session: Session) -> None:
    assert status_with(signed(claims_for(session)))[0] == 200
    assert status_with(raw_signed(claims_for(session)))[0] == 200
    second = list(keyring().values())[1]
    assert status_with(signed(claims_for(session), second.private, kid=second.kid))[0] == 200


def forged_signatures(session: Session) -> dict[str, str]:
    claims, stranger = claims_for(session), Ed25519PrivateKey.generate()
    public = signing_key().public
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = f"{segment({'alg': 'none', 'typ': 'at+jwt', 'kid': signing_key().kid})}"
    unsigned += f".{segment(claims)}."
    genuine = signed(claims)
    head, _body, signature = genuine.split(".")
    other = segment(claims | {"sub": str(uuid.uuid4())})
    x = signing_key().x.encode()

    def hs256(secret: bytes) -> str:
        header = {"alg": "HS256", "typ": "at+jwt", "kid": signing_key().kid}
        text = f"{segment(header)}.{segment(claims)}"
        return f"{text}.{segment(hmac.digest(secret, text.encode(), hashlib.sha256))}"

    own_jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": segment(stranger.public_key().public_bytes_raw()),
    }
    second = list(keyring().values())[1]
    return {
        "none": unsigned,
        "NoNe": f"{segment({'alg': 'NoNe', 'typ': 'at+jwt', 'kid': signing_key().kid})}"
        f".{segment(claims)}.",
        "no signature": f"{head}.{segment(claims)}.",
        "two parts": f"{head}.{segment(claims)}",
        "body changed": f"{head}.{other}.{signature}",
        "cut signature": genuine[:-8],
        "wrong key": signed(claims, stranger),
        "other key's kid": signed(claims, kid=second.kid),
        "hs256 with the public key in PEM": hs256(pem),
        "hs256 with the raw public key": hs256(public.public_bytes_raw()),
        "hs256 with x": hs256(x),
        "hs256 with nothing": hs256(b""),
        "es256": signed(claims, ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "unknown kid": signed(claims, stranger, kid="stranger"),
        "kid of a file": signed(claims, stranger, kid="../../../../dev/null"),
        "kid of SQL": signed(claims, stranger, kid="' UNION SELECT 'key' --"),
        "no kid": signed(claims, stranger, kid=...),
        "no kid, right key": signed(claims, kid=...),
        "jwk": signed(claims, stranger, jwk=own_jwk),
        "jwk without kid": signed(claims, stranger, kid=..., jwk=own_jwk),
        "jku": signed(claims, stranger, jku="https://evil.example/jwks.json"),
        "x5u": signed(claims, stranger, x5u="https://evil.example/x.pem"),
        "x5c": signed(claims, stranger, x5c=["MIIB"]),
    }


def test_nobody_else_can_sign(session: Session) -> None:
    for name, token in forged_signatures(session).items():
        assert status_with(token) == (401, "invalid_token"), name


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": None},
        {"typ": "JWT"},
        {"typ": "refresh+jwt"},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"kid": None},
        {"kid": 5},
        {"kid": ["a"]},
        {"kid": {}},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": "ed25519"},
        {"alg": None},
        {"alg": 5},
    ],
)
def test_headers_that_are_refused_though_the_signature_is_right(
    session: Session, header: Claims
) -> None:
    assert status_with(raw_signed(claims_for(session), **header)) == (401, "invalid_token")


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "evil"}, "invalid_token"),
        ({"iss": None}, "invalid_token"),
        ({"iss": ["bookbridge"]}, "invalid_token"),
        ({"aud": "other"}, "invalid_token"),
        ({"aud": []}, "invalid_token"),
        ({"aud": {"bookbridge": 1}}, "invalid_token"),
        ({"exp": NOW - 60}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"exp": "soon"}, "invalid_token"),
        ({"exp": None}, "invalid_token"),
        ({"exp": 1e300}, "invalid_token"),
        ({"exp": 10**400}, "invalid_token"),
        ({"iat": NOW + 3600}, "invalid_token"),
        ({"iat": "x"}, "invalid_token"),
        ({"nbf": NOW + 3600}, "invalid_token"),
        ({"token_type": "refresh"}, "invalid_token"),
        ({"token_type": ...}, "invalid_token"),
        ({"sub": "1"}, "invalid_token"),
        ({"sub": 1}, "invalid_token"),
        ({"sub": ""}, "invalid_token"),
        ({"sub": "' OR 1=1 --"}, "invalid_token"),
        ({"sub": str(uuid.uuid4())}, "invalid_token"),
        ({"sid": "1"}, "invalid_token"),
        ({"sid": 1}, "invalid_token"),
        ({"sid": ["x"]}, "invalid_token"),
        ({"sid": {"a": 1}}, "invalid_token"),
        ({"sid": "\x00" * 32}, "invalid_token"),
        ({"sid": str(uuid.uuid4())}, "session_ended"),
        *[({name: ...}, "invalid_token") for name in ("iss", "aud", "sub", "jti", "iat", "exp")],
        ({"sid": ...}, "invalid_token"),
        ({"jti": 5}, "invalid_token"),
    ],
)
def test_claims_that_are_refused_though_the_signature_is_right(
    session: Session, changes: Claims, code: str
) -> None:
    assert status_with(raw_signed(claims_for(session, **changes))) == (401, code)


def test_clocks_may_differ_by_half_a_minute(session: Session) -> None:
    now = int(time.time())
    assert status_with(signed(claims_for(session, iat=now + 20)))[0] == 200
    assert status_with(signed(claims_for(session, exp=now - 20)))[0] == 200


def test_each_kind_of_token_is_good_for_its_own_purpose_only(session: Session) -> None:
    pair = issue_pair(session.reader, session)
    assert status_with(pair["refresh"]) == (401, "invalid_token")
    response = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["access"]})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer ...",
        "Bearer null",
        "Bearer é.é.é",
        "Bearer " + "a" * 9000,
        "Bearer a b c",
        "Basic YW5hOnB3",
        "Token abc",
        "abc",
        f"Bearer {segment([1])}.{segment([1])}.x",
        f"Bearer {segment(b'[' * 2900)}.{segment({})}.x",
        f"Bearer {segment(b'{' + bytes([34]) + b'a' * 10)}.{segment({})}.x",
        f"Bearer {segment(bytes([255, 254]))}.{segment({})}.x",
        f"Bearer {segment(b'9' * 2900)}.{segment({})}.x",
    ],
)
def test_rubbish_in_the_header(header: str) -> None:
    response = APIClient().get("/api/v1/users/", HTTP_AUTHORIZATION=header)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("payload", [b"[]", b"null", b"5", b"{", b"\xff", b"[" * 1500])
def test_payloads_that_are_no_claims(payload: bytes) -> None:
    assert status_with(raw_signed(payload)) == (401, "invalid_token")


def test_refresh_and_verify_withstand_the_same(session: Session) -> None:
    tokens = [*forged_signatures(session).values(), "rubbish", "a.b.c", "☕" * 900]
    visitor = APIClient()
    for token in tokens:
        assert visitor.post("/api/v1/auth/token/refresh/", {"refresh": token}).status_code == 401
        assert visitor.post("/api/v1/auth/token/verify/", {"token": token}).status_code == 401
    session.refresh_from_db()
    assert session.revoked_at is None


def test_a_key_that_was_dropped_verifies_no_more(session: Session, settings: Any) -> None:
    token = access_token_for(session.reader, session)
    first, second = settings.JWT_SIGNING_KEYS
    settings.JWT_SIGNING_KEYS = [second, first]
    assert status_with(token)[0] == 200
    settings.JWT_SIGNING_KEYS = [second]
    assert status_with(token) == (401, "invalid_token")
