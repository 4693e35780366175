"""What tokens say, and the keys that any other service checks them with."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.test import APIClient

from accounts import services
from accounts.keys import keyring, signing_key
from accounts.tests.factories import SessionFactory, UserFactory
from accounts.tokens import issue_pair

pytestmark = pytest.mark.django_db


def test_an_access_token_can_be_checked_by_another_service_alone(visitor: APIClient) -> None:
    reader = UserFactory(username="ana", email="ana@example.org", moderator=True)
    session = SessionFactory(reader=reader)
    access = issue_pair(reader, session)["access"]
    published = visitor.get("/.well-known/jwks.json")
    assert published.status_code == 200
    keys = jwt.PyJWKSet.from_dict(published.json())
    header = jwt.get_unverified_header(access)
    assert header == {"alg": "EdDSA", "kid": signing_key().kid, "typ": "at+jwt"}
    claims = jwt.decode(
        access, keys[header["kid"]], ["EdDSA"], audience="bookbridge", issuer="bookbridge"
    )
    assert claims["exp"] - claims["iat"] == 600
    assert {name: claims[name] for name in claims if name not in ("exp", "iat", "jti")} == {
        "iss": "bookbridge",
        "aud": "bookbridge",
        "sub": str(reader.uid),
        "sid": str(session.uid),
        "token_type": "access",
        "username": "ana",
        "email": "ana@example.org",
        "email_verified": True,
        "roles": ["moderator"],
    }


def test_a_refresh_token_tells_nothing_of_the_person() -> None:
    session = SessionFactory()
    refresh = issue_pair(session.reader, session)["refresh"]
    claims = jwt.decode(refresh, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp", "token_type"}
    assert claims["exp"] - claims["iat"] == 14 * 24 * 3600


def test_withdrawn_roles_are_gone_from_the_next_token(visitor: APIClient) -> None:
    reader = UserFactory(admin=True)
    pair = issue_pair(reader, services.open_session(reader=reader))

    def roles(token: str) -> list[str]:
        return jwt.decode(token, options={"verify_signature": False})["roles"]

    assert roles(pair["access"]) == ["admin"]
    services.set_roles(reader=reader, roles=[])
    response = visitor.post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]})
    assert roles(response.json()["access"]) == []


def test_the_key_set_shows_the_public_halves_alone(visitor: APIClient, settings: Any) -> None:
    response = visitor.get("/.well-known/jwks.json")
    text = response.content.decode()
    assert [set(key) for key in response.json()["keys"]] == [
        {"kty", "crv", "x", "kid", "use", "alg"}
    ] * 2
    assert not any(seed in text for seed in settings.JWT_SIGNING_KEYS)
    assert visitor.post("/.well-known/jwks.json").status_code == 405


def test_kid_is_the_thumbprint_of_rfc_7638() -> None:
    key = signing_key()
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": key.x}, separators=(",", ":"))
    digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    assert key.kid == digest


def test_the_thumbprint_of_the_example_in_rfc_8037(settings: Any) -> None:
    settings.JWT_SIGNING_KEYS = ["nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"]
    assert signing_key().x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert signing_key().kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("keys", [[], ["short"], ["not base64 at all!"], ["A" * 44]])
def test_keys_that_cannot_be_used_are_named(settings: Any, keys: list[str]) -> None:
    settings.JWT_SIGNING_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="JWT_SIGNING_KEYS"):
        keyring()
