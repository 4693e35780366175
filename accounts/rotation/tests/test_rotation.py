"""A key comes, another one goes, and no token is refused before its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import DatabaseError
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import keys, services
from accounts.keys import key_from, read_anew, signing_key
from accounts.models import Session, SigningKey
from accounts.rotation.services import begin_anew, ended_in_environment, rotate
from accounts.security.models import SecurityEvent
from accounts.tests.factories import UserFactory
from accounts.tokens import issue_pair
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.sealing import seal

pytestmark = pytest.mark.django_db


def published() -> list[str]:
    response = APIClient().get("/.well-known/jwks.json")
    assert response["Cache-Control"] == "public, max-age=300"
    return [key["kid"] for key in response.json()["keys"]]


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def a_pair() -> dict[str, Any]:
    reader = UserFactory()
    return issue_pair(reader, services.open_session(reader=reader))


def status(access: str) -> int:
    headers = {"Authorization": f"Bearer {access}"}
    return APIClient().get("/api/v1/users/", headers=headers).status_code


def refreshed(pair: dict[str, Any]) -> dict[str, Any]:
    response = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]})
    assert response.status_code == 200, response.json()
    return response.json()


class At(time_machine.travel):
    """At a moment; the ring is as old as it can be."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment, tick=False)

    def __enter__(self) -> Any:
        entered = super().__enter__()
        read_anew()
        return entered


def test_a_key_is_published_before_it_signs_and_kept_until_its_last_token_is_over() -> None:
    old, before = signing_key().kid, a_pair()
    start = timezone.now()
    new = rotate()
    read_anew()
    assert published() == [new.kid, old]
    assert kid_of(a_pair()["access"]) == old
    assert new.signs_from is not None
    assert new.signs_from - start >= timedelta(seconds=300 + 10 + 30)
    with At(new.signs_from - timedelta(seconds=1)):
        last = a_pair()
        assert kid_of(last["access"]) == kid_of(last["refresh"]) == old
    with At(new.signs_from + timedelta(seconds=1)):
        after = a_pair()
        assert kid_of(after["access"]) == new.kid
        assert [status(pair["access"]) for pair in (last, after, before)] == [200, 200, 200]
    with At(new.signs_from + timedelta(days=14) - timedelta(seconds=5)):
        assert old in published()
        assert kid_of(refreshed(last)["access"]) == new.kid
    with At(new.signs_from + timedelta(days=15)):
        assert published() == [new.kid]
        assert [key.kid for key in ended_in_environment()] == [old]


def test_the_second_rotation_ends_a_key_of_the_database() -> None:
    first = rotate()
    assert first.signs_from is not None
    with At(first.signs_from + timedelta(minutes=1)):
        second = rotate(at_once=True)
        assert second.signs_from - timezone.now() == timedelta(seconds=10 + 30)
    with At(second.signs_from):
        assert signing_key().kid == second.kid
        assert published()[:2] == [second.kid, first.kid]


def test_one_rotation_at_a_time() -> None:
    rotate()
    with pytest.raises(DomainError) as refusal:
        rotate(at_once=True)
    assert refusal.value.code == "rotation_under_way"
    assert SigningKey.objects.filter(signs_from__isnull=False).count() == 1


def test_keys_that_are_no_longer_safe_end_at_once_and_with_them_every_token() -> None:
    old, pair = signing_key().kid, a_pair()
    assert status(pair["access"]) == 200  # its signature is remembered now
    waiting = rotate()
    new = begin_anew()
    read_anew()
    assert published() == [new.kid]
    assert {old, waiting.kid}.isdisjoint(published())
    assert status(pair["access"]) == 401
    refused = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert Session.objects.get().revoked_at is None  # a forgery ends nobody's session
    assert status(a_pair()["access"]) == 200


def test_a_rotation_is_on_record_and_the_seed_is_sealed() -> None:
    new = rotate()
    event = SecurityEvent.objects.get(kind="signing_key_added")
    assert event.details == {"kid": new.kid}
    assert event.reader_id is None
    assert new.sealed_seed.startswith("gAAAA")
    environment = SigningKey.objects.exclude(pk=new.pk).get()
    assert (environment.sealed_seed, environment.signs_from) == ("", None)


def another_server_adds_a_key() -> str:
    """A row that this process has not read; gives its seed."""
    seed = "A" * 42 + "E"
    key = key_from(seed)
    SigningKey.objects.create(
        kid=key.kid, public=key.x, sealed_seed=seal(seed), signs_from=timezone.now()
    )
    return seed


def test_a_key_that_another_server_just_added_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    pair, own = a_pair(), signing_key()
    seed = another_server_adds_a_key()
    assert signing_key() == own
    claims = jwt.decode(pair["access"], options={"verify_signature": False})
    header = {"kid": key_from(seed).kid, "typ": "at+jwt"}
    token = jwt.encode(claims, key_from(seed).own_half(), "EdDSA", headers=header)
    with django_assert_num_queries(0):  # read a moment ago: a flood of unknown keys asks nothing
        assert status(token) == 401
    monkeypatch.setattr(keys, "UNKNOWN_SECONDS", 0)
    assert status(token) == 200
    assert signing_key().kid == key_from(seed).kid


def test_a_database_that_does_not_answer_leaves_the_keys_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = signing_key()

    def away() -> Any:
        raise DatabaseError("away")

    with monkeypatch.context() as broken:
        broken.setattr(keys.SigningKey.objects, "all", away)
        read_anew()
        assert signing_key() == own
        broken.setattr(keys, "_reader", keys._Reader())
        with pytest.raises(DatabaseError):
            signing_key()  # never read: nothing is known of keys that ended


def test_a_key_that_cannot_be_opened_still_verifies_and_another_one_signs(settings: Any) -> None:
    old = signing_key().kid
    seed = another_server_adds_a_key()
    read_anew()
    token = a_pair()["access"]
    settings.SEALING_KEYS = [Fernet.generate_key().decode()]
    read_anew()
    assert kid_of(token) == key_from(seed).kid
    assert status(token) == 200
    assert signing_key().kid == old


def test_with_zero_seconds_the_environment_alone_counts(settings: Any) -> None:
    old = signing_key().kid
    begin_anew()
    settings.JWT_KEYRING_SECONDS = 0
    assert signing_key().kid == old
    with pytest.raises(DomainError) as refusal:
        rotate()
    assert refusal.value.code == "keys_of_environment_only"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [False, True])
def test_what_this_process_wrote_it_sees(at_once: bool) -> None:
    new = rotate(at_once=at_once)
    assert new.kid in published()
