"""Tokens that nobody of ours signed, or not in this form: all 401, none reaches out."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rest_framework.test import APIClient

from accounts.keys import keyring, signing_key
from accounts.models import Session
from accounts.tests.factories import SessionFactory
from accounts.tests.forging import Claims, claims_for, raw_signed, segment, signed, with_header
from accounts.tokens import issue_pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_way_out")]
#: The order of the group of Ed25519: S and S + L sign the same.
ORDER = 2**252 + 27742317777372353535851937790883648493
EVIL = "https://evil.example/jwks.json"


def answer_to(token: str) -> tuple[int, str]:
    """Status and code, for a header that must be refused as RFC 6750 and 9457 say."""
    response = APIClient().get("/api/v1/users/", headers={"Authorization": f"Bearer {token}"})
    if response.status_code != 200:
        assert response["Content-Type"].startswith("application/problem+json")
        assert response["WWW-Authenticate"].startswith("Bearer")
    return response.status_code, response.json().get("code", "")


@pytest.fixture
def session() -> Session:
    return SessionFactory()


def test_the_forger_of_these_tests_can_make_good_tokens(session: Session) -> None:
    assert answer_to(signed(claims_for(session)))[0] == 200
    assert answer_to(raw_signed(claims_for(session)))[0] == 200
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": signing_key().kid}
    assert answer_to(with_header(json.dumps(header).encode(), claims_for(session)))[0] == 200
    second = list(keyring().values())[1]
    assert answer_to(signed(claims_for(session), second.private, kid=second.kid))[0] == 200


def unsigned(claims: Claims, alg: str) -> str:
    header = {"alg": alg, "typ": "at+jwt", "kid": signing_key().kid}
    return f"{segment(header)}.{segment(claims)}."


def by_hmac(claims: Claims, secret: bytes, alg: str = "HS256") -> str:
    """Key confusion: a public value used as a shared secret."""
    header = {"alg": alg, "typ": "at+jwt", "kid": signing_key().kid}
    text = f"{segment(header)}.{segment(claims)}"
    digest = hashlib.sha512 if alg == "HS512" else hashlib.sha256
    return f"{text}.{segment(hmac.digest(secret, text.encode(), digest))}"


def without_our_key(session: Session) -> dict[str, str]:
    """Attacks by somebody who has a token and the public keys."""
    claims, stranger = claims_for(session), Ed25519PrivateKey.generate()
    public, x = signing_key().public, signing_key().x
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    genuine = signed(claims)
    head, body, signature = genuine.split(".")
    other = segment(claims | {"sub": str(uuid.uuid4())})
    second = list(keyring().values())[1]
    own_jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": segment(stranger.public_key().public_bytes_raw()),
    }
    large = ec.generate_private_key(ec.SECP256R1())
    return {
        **{f"alg {name}": unsigned(claims, name) for name in ("none", "None", "nOnE", "NONE", "")},
        "none with a signature": unsigned(claims, "none") + signature,
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "a dot more": genuine + ".",
        "a dot before": "." + genuine,
        "four parts": f"{genuine}.{signature}",
        "body changed": f"{head}.{other}.{signature}",
        "header of another key": signed(claims, kid=second.kid).split(".")[0]
        + genuine[len(head) :],
        "signature cut": genuine[:-8],
        "signature of zeros": f"{head}.{body}.{segment(bytes(64))}",
        # R and S of a public key of small order, which some libraries take for anything.
        "signature of small order": f"{head}.{body}.{segment(bytes([1]) + bytes(63))}",
        "wrong key": signed(claims, stranger),
        "other key's kid": signed(claims, kid=second.kid),
        "hs256 with the public key in PEM": by_hmac(claims, pem),
        "hs256 with the raw public key": by_hmac(claims, public.public_bytes_raw()),
        "hs256 with x": by_hmac(claims, x.encode()),
        "hs256 with the key set": by_hmac(claims, json.dumps(signing_key().jwk()).encode()),
        "hs256 with nothing": by_hmac(claims, b""),
        "hs512 with the public key in PEM": by_hmac(claims, pem, "HS512"),
        "es256": signed(claims, large, "ES256"),
        "rs256": signed(claims, rsa.generate_private_key(65537, 2048), "RS256"),
        "unknown kid": signed(claims, stranger, kid="stranger"),
        "kid of a file": signed(claims, stranger, kid="../../../../dev/null"),
        "kid of SQL": signed(claims, stranger, kid="' UNION SELECT 'key' --"),
        "kid of a command": signed(claims, stranger, kid="| id"),
        "kid of an address": signed(claims, stranger, kid=EVIL),
        "kid with NUL": signed(claims, stranger, kid=f"{signing_key().kid}\x00"),
        "empty kid": signed(claims, stranger, kid=""),
        "huge kid": signed(claims, stranger, kid="k" * 2000),
        "no kid": signed(claims, stranger, kid=...),
        "jwk": signed(claims, stranger, jwk=own_jwk),
        "jwk without kid": signed(claims, stranger, kid=..., jwk=own_jwk),
        "jku": signed(claims, stranger, jku=EVIL),
        "jku of a file": signed(claims, stranger, jku="file:///etc/passwd"),
        "x5u": signed(claims, stranger, x5u="https://evil.example/x.pem"),
        "x5c": signed(claims, stranger, x5c=["MIIB"]),
        "x5t": signed(claims, stranger, **{"x5t#S256": x}),
        "a nested token": f"{segment({'alg': 'EdDSA', 'cty': 'JWT'})}.{segment(genuine.encode())}."
        f"{signature}",
        "an encrypted token": f"{segment({'alg': 'dir', 'enc': 'A256GCM'})}..{segment(bytes(12))}."
        f"{body}.{segment(bytes(16))}",
        "a password-encrypted token": f"{segment({'alg': 'PBES2-HS256+A128KW', 'p2c': 10**9})}"
        f".{segment(bytes(24))}.{segment(bytes(12))}.{body}.{segment(bytes(16))}",
        "json serialisation": json.dumps({"protected": head, "payload": body, "signature": "x"}),
        "like a personal token": "bb_" + "a" * 43,
        "unicode": genuine.replace(".", "\u3002"),
        "full-width letters": "".join(chr(ord(c) + 0xFEE0) for c in genuine[:40]),
        "8 KiB": genuine + "A" * 8192,
    }


def same_in_other_letters(session: Session) -> dict[str, str]:
    """A genuine token, written so that a lenient reader finds the same bytes."""
    head, body, signature = signed(claims_for(session)).split(".")
    raw = signing_key().own_half().sign(f"{head}.{body}".encode())
    larger = int.from_bytes(raw[32:], "little") + ORDER
    last = "AQgw".index(signature[-1])
    return {
        "S + L": f"{head}.{body}.{segment(raw[:32] + larger.to_bytes(32, 'little'))}",
        "unused bits": f"{head}.{body}.{signature[:-1]}{'BRhx'[last]}",
        "padded": f"{head}.{body}.{signature}==",
        "plain base64": f"{head}.{body}.{signature[:40]}+{signature[41:]}",
        "a blank inside": f"{head}.{body}.{signature[:9]} {signature[9:]}",
        "a tab inside": f"{head}.{body}.{signature[:9]}\t{signature[9:]}",
        "a letter that is ignored": f"{head}.{body}.{signature[:9]}!{signature[9:]}",
    }


def test_nobody_else_can_sign(session: Session) -> None:
    attacks = without_our_key(session) | same_in_other_letters(session)
    assert len(set(attacks.values())) == len(attacks) >= 50
    for name, token in attacks.items():
        assert answer_to(token) == (401, "invalid_token"), name


def test_a_token_is_whole_or_nothing(session: Session) -> None:
    token = signed(claims_for(session))
    for length in range(0, len(token), 7):
        assert answer_to(token[:length])[0] == 401, length


def test_refresh_and_verify_withstand_the_same(session: Session) -> None:
    tokens = [*without_our_key(session).values(), "rubbish", "a.b.c", "☕" * 900]
    visitor = APIClient()
    for token in tokens:
        refused = 400 if len(token) > 4096 else 401
        for path, name in (("refresh", "refresh"), ("verify", "token")):
            answer = visitor.post(f"/api/v1/auth/token/{path}/", {name: token})
            assert answer.status_code == refused, token
    session.refresh_from_db()
    assert session.revoked_at is None


def test_each_kind_of_token_is_good_for_its_own_purpose_only(session: Session) -> None:
    pair = issue_pair(session.reader, session)
    assert answer_to(pair["refresh"]) == (401, "invalid_token")
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
        "Bearer bb_",
        "Bearer Bearer a.b.c",
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
