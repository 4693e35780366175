"""Tokens with the right signature and something else wrong: all 401.

Nobody without the private key can make them; whoever finds a way to let us sign what they like
still meets these.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services, tokens
from accounts.keys import signing_key
from accounts.models import Session, User
from accounts.tests.factories import SessionFactory, UserFactory
from accounts.tests.forging import Claims, claims_for, raw_signed, signed, with_header
from accounts.tests.test_token_attacks import answer_to
from accounts.tokens import access_token_for
from accounts.verified import VerifiedTokens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_way_out")]


@pytest.fixture
def session() -> Session:
    return SessionFactory()


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
        {"alg": "Ed25519"},
        {"alg": "EDDSA"},
        {"alg": ["EdDSA"]},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"b64": False},
        {"jku": "https://evil.example/jwks.json"},
        {"jwk": {}},
        {"x5u": "https://evil.example/x.pem"},
        {"typ": "application/at+jwt"},
        {"typ": "AT+JWT"},
        {"kid": ""},
        {"kid": True},
        {"alg": None},
        {"alg": 5},
    ],
)
def test_headers_that_are_refused_though_the_signature_is_right(
    session: Session, header: Claims
) -> None:
    assert answer_to(raw_signed(claims_for(session), **header)) == (401, "invalid_token")


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "evil"}, "invalid_token"),
        ({"iss": None}, "invalid_token"),
        ({"iss": ["bookbridge"]}, "invalid_token"),
        ({"aud": "other"}, "invalid_token"),
        ({"aud": []}, "invalid_token"),
        ({"aud": ["other"]}, "invalid_token"),
        ({"aud": ["bookbridge", "other"]}, "invalid_token"),
        ({"aud": ["bookbridge"]}, "invalid_token"),
        ({"aud": None}, "invalid_token"),
        ({"aud": "Bookbridge"}, "invalid_token"),
        ({"aud": {"bookbridge": 1}}, "invalid_token"),
        ({"exp": NOW - 60}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"exp": "soon"}, "invalid_token"),
        ({"exp": None}, "invalid_token"),
        ({"exp": 1e300}, "invalid_token"),
        ({"exp": str(NOW + 600)}, "invalid_token"),
        ({"exp": [NOW + 600]}, "invalid_token"),
        ({"exp": NOW + 600.5}, "invalid_token"),
        ({"exp": float("nan")}, "invalid_token"),
        ({"exp": float("inf")}, "invalid_token"),
        ({"exp": True}, "token_expired"),
        ({"exp": -1}, "token_expired"),
        ({"exp": 10**400}, "invalid_token"),
        ({"iat": NOW + 3600}, "invalid_token"),
        ({"iat": "x"}, "invalid_token"),
        ({"iat": float("inf")}, "invalid_token"),
        ({"nbf": NOW + 3600}, "invalid_token"),
        ({"nbf": "x"}, "invalid_token"),
        ({"token_type": "refresh"}, "invalid_token"),
        ({"token_type": ...}, "invalid_token"),
        ({"sub": "1"}, "invalid_token"),
        ({"sub": 1}, "invalid_token"),
        ({"sub": ""}, "invalid_token"),
        ({"sub": None}, "invalid_token"),
        ({"sub": "me"}, "invalid_token"),
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
    assert answer_to(raw_signed(claims_for(session, **changes))) == (401, code)


def test_clocks_may_differ_by_half_a_minute(session: Session) -> None:
    now = int(time.time())
    assert answer_to(signed(claims_for(session, iat=now + 20)))[0] == 200
    assert answer_to(signed(claims_for(session, exp=now - 20)))[0] == 200


@pytest.mark.parametrize("payload", [b"[]", b"null", b"5", b"{", b"\xff", b"[" * 1500])
def test_payloads_that_are_no_claims(payload: bytes) -> None:
    assert answer_to(raw_signed(payload)) == (401, "invalid_token")


def test_a_name_in_the_header_counts_once(session: Session) -> None:
    kid = signing_key().kid
    for twice in ('"alg":"none","alg":"EdDSA"', '"alg":"EdDSA","alg":"EdDSA"'):
        header = f'{{{twice},"kid":"{kid}","typ":"at+jwt"}}'.encode()
        assert answer_to(with_header(header, claims_for(session))) == (401, "invalid_token")
    for strange in (b"[]", b"null", b"{}", b'[["alg","EdDSA"]]', b"{" * 1000):
        assert answer_to(with_header(strange, claims_for(session))) == (401, "invalid_token")


def test_sessions_and_readers_that_do_not_go_together(session: Session) -> None:
    other = SessionFactory()
    assert answer_to(signed(claims_for(session, sub=str(other.reader.uid))))[0] == 401
    assert answer_to(signed(claims_for(session, sid=str(other.uid))))[0] == 401
    assert answer_to(signed(claims_for(session, sub=str(session.uid))))[0] == 401


@pytest.mark.parametrize(
    ("traits", "code"),
    [
        ({"suspended": True}, "account_suspended"),
        ({"erased": True}, "session_ended"),
        ({"imported_at": timezone.now(), "email": None}, "session_ended"),
    ],
)
def test_readers_who_may_not(traits: dict[str, Any], code: str) -> None:
    session = SessionFactory(reader=UserFactory(**traits))
    assert answer_to(access_token_for(session.reader, session)) == (401, code)


def test_a_reader_who_was_removed_from_the_database(session: Session) -> None:
    token = access_token_for(session.reader, session)
    assert answer_to(token)[0] == 200
    User.objects.filter(pk=session.reader_id).delete()
    assert answer_to(token) == (401, "session_ended")


def test_sessions_that_are_over(session: Session) -> None:
    token = access_token_for(session.reader, session)
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert answer_to(token) == (401, "session_ended")


def test_a_key_that_was_dropped_verifies_no_more(session: Session, settings: Any) -> None:
    token = access_token_for(session.reader, session)
    first, second = settings.JWT_SIGNING_KEYS
    settings.JWT_SIGNING_KEYS = [second, first]
    assert answer_to(token)[0] == 200
    settings.JWT_SIGNING_KEYS = [second]
    assert answer_to(token) == (401, "invalid_token")


def test_what_was_verified_is_not_kept_past_its_time(session: Session, monkeypatch: Any) -> None:
    now = int(time.time())
    token = signed(claims_for(session, exp=now + 5))
    assert answer_to(token)[0] == 200
    monkeypatch.setattr("accounts.verified.time.time", lambda: now + 5 + 29)
    assert answer_to(token)[0] == 200  # clocks may differ by half a minute
    monkeypatch.setattr("accounts.verified.time.time", lambda: now + 5 + 30)
    assert answer_to(token) == (401, "token_expired")


def test_what_was_verified_for_another_name_is_verified_again(
    session: Session, settings: Any
) -> None:
    token = access_token_for(session.reader, session)
    assert answer_to(token)[0] == 200
    settings.JWT_AUDIENCE = "another"
    assert answer_to(token) == (401, "invalid_token")


def test_a_forgery_of_a_token_that_was_verified_is_none(session: Session) -> None:
    token = signed(claims_for(session))
    assert answer_to(token)[0] == 200
    head, body, signature = token.split(".")
    changed = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    assert answer_to(f"{head}.{body}.{changed}") == (401, "invalid_token")


def test_the_memory_of_verified_tokens_is_bounded_and_holds_no_token() -> None:
    known = VerifiedTokens(leeway=30, limit=3)
    claims = {"exp": time.time() + 60}
    for number in range(10):
        known.remember(f"token-{number}", signing_key().kid, claims)
    assert len(known) == 3
    assert known.claims("token-6") is None
    assert known.claims("token-9") == claims
    assert "token-9" not in str(vars(known))


def test_what_is_over_leaves_the_memory_when_something_new_comes() -> None:
    known = VerifiedTokens(leeway=30)
    for number in range(5):
        known.remember(f"old-{number}", signing_key().kid, {"exp": time.time() - 31})
    known.remember("new", signing_key().kid, {"exp": time.time() + 60})
    assert len(known) == 1


def test_nothing_here_can_believe_what_is_meant_for_other_services(session: Session) -> None:
    token = tokens.read_access_token(access_token_for(session.reader, session))
    assert {"roles", "email", "username"}.isdisjoint(token.payload)


def test_what_a_caller_does_to_claims_stays_with_the_caller(session: Session) -> None:
    text = access_token_for(session.reader, session)
    tokens.read_access_token(text).payload["sub"] = "changed"
    assert tokens.read_access_token(text)["sub"] == str(session.reader.uid)


def test_a_sign_out_is_obeyed_though_the_signature_is_remembered(session: Session) -> None:
    token = access_token_for(session.reader, session)
    assert answer_to(token)[0] == 200
    services.sign_out(session=session)
    assert answer_to(token) == (401, "session_ended")
