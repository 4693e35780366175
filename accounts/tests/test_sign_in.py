"""Signing in: the pair of tokens, the one answer to failures, and the limit on them."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import passwords
from accounts.models import Session, User
from accounts.signing_in.services import open_if_unchanged
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.errors import Unauthenticated

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/token/"


def sign_in(client: APIClient, password: str = PASSWORD, address: str = "", **who: Any) -> Any:
    extra = {"REMOTE_ADDR": address} if address else {}
    return client.post(URL, {**who, "password": password}, **extra)


@pytest.mark.parametrize(
    "who",
    [
        {"login": "ana"},
        {"login": "ANA"},
        {"login": "ana@example.org"},
        {"login": "Ana@Example.org"},
        {"username": "Ana"},
        {"email": "ANA@example.org"},
    ],
)
def test_a_name_or_an_address_and_the_password_buy_a_pair(visitor: APIClient, who: dict) -> None:
    UserFactory(username="ana", email="ana@example.org")
    response = sign_in(visitor, **who)
    data = response.json()
    assert response.status_code == 200
    assert set(data) == {"access", "refresh", "token_type", "expires_in"}
    assert (data["token_type"], data["expires_in"]) == ("Bearer", 600)
    assert response["Cache-Control"] == "no-store"
    me = visitor.get("/api/v1/users/me/", headers={"Authorization": f"Bearer {data['access']}"})
    assert me.json()["username"] == "ana"


def test_a_bad_token_is_not_looked_at(visitor: APIClient) -> None:
    UserFactory(username="ana")
    headers = {"Authorization": "Bearer rubbish"}
    body = {"login": "ana", "password": PASSWORD}
    assert visitor.post(URL, body, headers=headers).status_code == 200


def test_the_session_knows_the_device_and_the_network_only(visitor: APIClient) -> None:
    UserFactory(username="ana")
    body = {"login": "ana", "password": PASSWORD}
    headers = {"User-Agent": "Reader/1.0\x01" + "x" * 300}
    visitor.post(URL, body, headers=headers, REMOTE_ADDR="203.0.113.77")
    session = Session.objects.get()
    assert session.user_agent == ("Reader/1.0" + "x" * 300)[:200]
    assert session.address_prefix == "203.0.113.0/24"


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"password": PASSWORD, "login": "ana", "username": "ana"},
        {"password": PASSWORD, "email": "ana@example.org", "username": "ana", "login": "ana"},
        {"login": "ana"},
        {"login": "ana", "password": ""},
        {"login": "", "password": PASSWORD},
        {"login": "ana", "password": 5},
        {"login": "ana", "password": "x" * 257},
        {"login": "ana", "password": PASSWORD, "remember": True},
    ],
)
def test_a_body_of_another_form_is_invalid(visitor: APIClient, body: dict) -> None:
    UserFactory(username="ana")
    assert visitor.post(URL, body).status_code == 400


def test_all_failures_look_the_same(visitor: APIClient) -> None:
    UserFactory(username="ana", email="ana@example.org")
    UserFactory(username="gone", suspended=True)
    User.objects.filter(pk=UserFactory(username="bea").pk).update(password="!")
    UserFactory(username="unproved", pending_email="un@example.org", unverified=True)
    erased = UserFactory(erased=True)
    answers = [
        sign_in(visitor, "wrong password!", login="ana"),
        sign_in(visitor, "wrong password!", login="nobody"),
        sign_in(visitor, "wrong password!", email="nobody@example.org"),
        sign_in(visitor, "wrong password!", login="gone"),
        sign_in(visitor, login="bea"),
        sign_in(visitor, username="ana@example.org"),
        sign_in(visitor, email="un@example.org"),
        sign_in(visitor, login=erased.username),
    ]
    seen = set()
    for answer in answers:
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer
        data = answer.json()
        data.pop("request_id")
        seen.add(str(sorted(data.items())))
    assert len(seen) == 1
    assert "invalid_credentials" in seen.pop()


def test_a_suspended_reader_learns_it_after_the_right_password_only(visitor: APIClient) -> None:
    until = timezone.now() + timedelta(days=3)
    UserFactory(username="ana", suspended=True, suspended_until=until)
    data = sign_in(visitor, login="ana").json()
    assert data["code"] == "account_suspended"
    assert data["until"] == until.isoformat().replace("+00:00", "Z")
    with time_machine.travel(until + timedelta(seconds=1)):
        assert sign_in(visitor, login="ana").status_code == 200


def test_unknown_accounts_cost_a_hash_too(settings: Any, visitor: APIClient) -> None:
    settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher"]
    for _slot in range(passwords.AT_A_TIME):
        passwords._slots.acquire()
    try:
        response = sign_in(visitor, login="nobody")
        assert (response.status_code, response.json()["code"]) == (503, "busy")
        assert int(response["Retry-After"]) > 0
    finally:
        for _slot in range(passwords.AT_A_TIME):
            passwords._slots.release()
    # Nobody looked at that password, so it was no failure.
    for _n in range(10):
        assert sign_in(visitor, login="nobody").status_code == 401
    assert sign_in(visitor, login="nobody").status_code == 429


def test_argon2_hashes_are_small_and_good(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher"]
    reader = UserFactory()
    assert "argon2id$v=19$m=19456,t=2,p=1" in reader.password
    assert reader.check_password(PASSWORD)
    assert not reader.check_password("wrong password!")


def test_an_older_hash_is_replaced_at_sign_in(visitor: APIClient, settings: Any) -> None:
    reader = UserFactory()
    settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher", *settings.PASSWORD_HASHERS]
    assert sign_in(visitor, login=reader.username).status_code == 200
    reader.refresh_from_db()
    assert reader.password.startswith("argon2$")


class TestTheLimitOnFailures:
    """Ten in five minutes, for the account and from the address."""

    def test_the_eleventh_attempt_on_an_account_is_not_looked_at(self, visitor: APIClient) -> None:
        UserFactory(username="ana", email="ana@example.org")
        for n in range(10):
            who = {"login": "ana"} if n % 2 else {"email": "ana@example.org"}
            assert sign_in(visitor, "wrong", f"203.0.113.{n}", **who).status_code == 401
        refused = sign_in(visitor, address="198.51.100.1", login="ana")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 1 <= int(refused["Retry-After"]) <= 300
        assert refused["Cache-Control"] == "no-store"

    def test_it_is_over_when_its_window_is(self, visitor: APIClient, settings: Any) -> None:
        settings.SIGN_IN_FAILURES, settings.SIGN_IN_WINDOW_SECONDS = 1, 1
        UserFactory(username="ana")
        assert sign_in(visitor, "wrong", login="ana").status_code == 401
        assert sign_in(visitor, login="ana").status_code == 429
        time.sleep(1.1)  # the clock of the cache server cannot be moved
        assert sign_in(visitor, login="ana").status_code == 200

    def test_an_account_that_does_not_exist_is_limited_alike(self, visitor: APIClient) -> None:
        for n in range(10):
            answer = sign_in(visitor, "wrong", f"203.0.113.{n}", login="nobody")
            assert answer.status_code == 401
        assert sign_in(visitor, "wrong", "198.51.100.1", login="Nobody").status_code == 429

    def test_one_address_may_fail_ten_times_over_all_accounts(self, visitor: APIClient) -> None:
        UserFactory(username="ana")
        for n in range(10):
            assert sign_in(visitor, "wrong", "203.0.113.9", login=f"x{n}").status_code == 401
        assert sign_in(visitor, address="203.0.113.9", login="ana").status_code == 429
        assert sign_in(visitor, address="203.0.113.10", login="ana").status_code == 200

    def test_success_gives_the_place_back(self, visitor: APIClient) -> None:
        UserFactory(username="ana")
        for _n in range(9):
            sign_in(visitor, "wrong", login="ana")
        for _n in range(5):
            assert sign_in(visitor, login="ana").status_code == 200
        assert sign_in(visitor, "wrong", login="ana").status_code == 401
        assert sign_in(visitor, login="ana").status_code == 429

    def test_a_forged_forwarding_header_changes_nothing(self, visitor: APIClient) -> None:
        for n in range(11):
            body = {"login": f"x{n}", "password": "wrong"}
            headers = {"X-Forwarded-For": f"192.0.2.{n}"}
            answer = visitor.post(URL, body, headers=headers, REMOTE_ADDR="203.0.113.9")
        assert answer.status_code == 429


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_thirty_attempts_at_once_ten_reach_the_hash() -> None:
    UserFactory(username="ana")
    statuses: list[int] = []
    start = threading.Barrier(30)

    def attempt(n: int) -> None:
        start.wait()
        try:
            address = f"203.0.113.{n}"
            statuses.append(sign_in(APIClient(), "wrong", address, login="ana").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever found too many waiting was not looked at, and holds no place.
    assert set(statuses) <= {401, 429, 503}
    assert 1 <= statuses.count(401) <= 10
    for n in range(12):
        statuses.append(sign_in(APIClient(), "wrong", f"198.51.100.{n}", login="ana").status_code)
    assert statuses.count(401) == 10
    assert statuses[-1] == 429


def test_a_password_changed_meanwhile_opens_no_session() -> None:
    reader = UserFactory()
    User.objects.filter(pk=reader.pk).update(password="another hash")
    with pytest.raises(Unauthenticated) as refusal:
        open_if_unchanged(reader, user_agent="", address="")
    assert refusal.value.code == "invalid_credentials"
    assert not Session.objects.exists()
