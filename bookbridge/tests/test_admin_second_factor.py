"""Signing in to the admin with a second factor, setting one up there, and being made to."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import RecoveryCode, SecondFactor, SignInChallenge, User
from accounts.second_factor.tests.factors import code_of, factor_of, wrong_code
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN, STEP, INDEX, SET_UP, LIST = (
    "/admin/login/",
    "/admin/login/code/",
    "/admin/",
    "/admin/second-factor/",
    "/admin/accounts/user/",
)


@pytest.fixture
def moderator() -> User:
    made: User = UserFactory(moderator=True, username="mod")
    return made


def password(client: Client, **changes: str) -> Any:
    return client.post(LOGIN, {"username": "mod", "password": PASSWORD, **changes})


def challenge_in(answer: Any) -> str:
    found = re.search(r'name="challenge" value="([^"]+)"', answer.content.decode())
    assert found, "no challenge on the page"
    return found[1]


def step(client: Client, challenge: str, code: str, **more: str) -> Any:
    return client.post(STEP, {"challenge": challenge, "code": code, **more})


def enters(client: Client) -> bool:
    return client.get(LIST).status_code == 200


def test_without_a_second_factor_the_password_is_enough(moderator: User) -> None:
    client = Client()
    assert password(client).status_code == 302
    assert enters(client)


def test_with_one_the_password_alone_opens_nothing(moderator: User) -> None:
    secret, _codes = factor_of(moderator)
    client = Client()
    asked = password(client, next=LIST)
    assert asked.status_code == 200
    assert not enters(client)
    assert "_auth_user_id" not in client.session
    challenge = challenge_in(asked)
    wrong = step(client, challenge, wrong_code(secret), next=LIST)
    assert wrong.status_code == 200
    assert "not right" in wrong.content.decode()
    assert challenge_in(wrong) == challenge
    assert not enters(client)
    code = code_of(secret)
    right = step(client, challenge, f"{code[:3]} {code[3:]}", next=LIST)
    assert (right.status_code, right["Location"]) == (302, LIST)
    assert enters(client)
    # Neither the challenge nor the code is good again.
    other = Client()
    assert step(other, challenge, code_of(secret, steps=1)).status_code == 200
    assert not enters(other)
    step(other, challenge_in(password(other)), code)
    assert not enters(other)


def test_a_recovery_code_is_good_once(moderator: User) -> None:
    _secret, codes = factor_of(moderator)
    for entered in (True, False):
        client = Client()
        step(client, challenge_in(password(client)), codes[0].upper())
        assert enters(client) is entered
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_guesses_share_the_limit_with_the_api(moderator: User, settings: Any) -> None:
    secret, _codes = factor_of(moderator)
    client = Client()
    challenge = challenge_in(password(client))
    for _n in range(settings.SECOND_FACTOR_FAILURES):
        step(client, challenge, wrong_code(secret))
    refused = step(client, challenge, code_of(secret))
    assert "Too many requests" in refused.content.decode()
    body = {"challenge": challenge, "code": code_of(secret)}
    answer = client.post("/api/v1/auth/token/second-factor/", body, content_type="application/json")
    assert answer.status_code == 429
    assert not enters(client)


def test_an_old_challenge_and_a_foreign_address_lead_nowhere(moderator: User) -> None:
    secret, _codes = factor_of(moderator)
    client = Client()
    challenge = challenge_in(password(client))
    SignInChallenge.objects.update(expires_at=timezone.now())
    assert "Begin again" in step(client, challenge, code_of(secret)).content.decode()
    assert not enters(client)
    challenge = challenge_in(password(client, next="https://elsewhere.example/"))
    answer = step(client, challenge, code_of(secret), next="https://elsewhere.example/")
    assert answer.status_code == 302
    assert "elsewhere" not in answer["Location"]
    assert client.get(STEP)["Location"] == reverse("admin:login")


def test_readers_without_a_role_are_not_asked_for_a_code() -> None:
    reader = UserFactory(username="reader")
    factor_of(reader)
    answer = password(Client(), username="reader")
    assert "challenge" not in answer.content.decode()
    assert not SignInChallenge.objects.exists()


def test_a_challenge_of_the_api_does_not_let_a_reader_in() -> None:
    reader = UserFactory(username="reader")
    secret, _codes = factor_of(reader)
    client = Client()
    body = {"login": "reader", "password": PASSWORD}
    asked = client.post("/api/v1/auth/token/", body, content_type="application/json").json()
    step(client, asked["challenge"], code_of(secret))
    assert "_auth_user_id" not in client.session


class TestSettingUp:
    """The page that sets a second factor up, compulsory or not."""

    def test_password_secret_code_and_recovery_codes(self, moderator: User) -> None:
        client = Client()
        client.force_login(moderator)
        assert 'name="password"' in client.get(SET_UP).content.decode()
        refused = client.post(SET_UP, {"act": "begin", "password": "wrong"})
        assert "not your password" in refused.content.decode()
        assert not SecondFactor.objects.exists()
        begun = client.post(SET_UP, {"act": "begin", "password": PASSWORD})
        page = begun.content.decode()
        assert "no-store" in begun["Cache-Control"]
        assert 'src="data:image/svg+xml' in page
        assert "style=" not in page
        assert "<script>" not in page
        secret = re.search(r"secret=([A-Z2-7]{32})", page)
        assert secret
        wrong = client.post(SET_UP, {"act": "confirm", "code": wrong_code(secret[1])})
        assert secret[1] not in wrong.content.decode()  # it was shown once
        assert "not right" in wrong.content.decode()
        done = client.post(SET_UP, {"act": "confirm", "code": code_of(secret[1])})
        codes = re.findall(r"<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>", str(done.content))
        assert len(set(codes)) == 10
        later = client.get(SET_UP).content.decode()
        assert "10 recovery codes are left" in later
        assert codes[0] not in later
        other = Client()
        step(other, challenge_in(password(other)), codes[0])
        assert enters(other)

    def test_switching_off_needs_password_and_code(self, moderator: User) -> None:
        secret, codes = factor_of(moderator)
        client = Client()
        client.force_login(moderator)
        for body in (
            {"password": "wrong", "code": code_of(secret)},
            {"password": PASSWORD, "code": wrong_code(secret)},
            {"password": PASSWORD},
            {"code": codes[0]},
        ):
            answer = client.post(SET_UP, {"act": "off", **body})
            assert "errorlist" in answer.content.decode()
            assert SecondFactor.objects.in_force().exists()
        done = client.post(SET_UP, {"act": "off", "password": PASSWORD, "code": codes[0]})
        assert not SecondFactor.objects.exists()
        assert 'value="begin"' in done.content.decode()

    def test_it_is_for_staff(self) -> None:
        client = Client()
        assert client.get(SET_UP)["Location"].startswith(LOGIN)
        client.force_login(UserFactory())
        assert client.get(SET_UP)["Location"].startswith(LOGIN)
        assert client.post(SET_UP, {"act": "begin", "password": PASSWORD}).status_code == 302

    def test_a_secret_that_waited_too_long_is_over(self, moderator: User) -> None:
        client = Client()
        client.force_login(moderator)
        client.post(SET_UP, {"act": "begin", "password": PASSWORD})
        SecondFactor.objects.update(created_at=timezone.now() - timedelta(hours=2))
        late = client.post(SET_UP, {"act": "confirm", "code": "123456"})
        assert "Begin by asking" in late.content.decode()

    def test_forms_of_other_sites_are_refused(self, moderator: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(moderator)
        for act in ("begin", "confirm", "leave"):
            assert client.post(SET_UP, {"act": act, "password": PASSWORD}).status_code == 403
        assert client.post(STEP, {"challenge": "x", "code": "123456"}).status_code == 403


class TestCompulsory:
    """Staff without a second factor may sign in and set one up, and nothing else."""

    @pytest.fixture(autouse=True)
    def _required(self, settings: Any) -> None:
        settings.STAFF_SECOND_FACTOR_REQUIRED = True

    def test_every_page_leads_to_setting_up(self, moderator: User) -> None:
        client = Client()
        assert password(client).status_code == 302
        for address in (INDEX, LIST, "/admin/reviews/review/act/hide/?ids=1"):
            answer = client.get(address, follow=True)
            assert answer.redirect_chain[-1][0] == SET_UP, address
            assert answer.status_code == 200
        assert "Set one up to go on" in answer.content.decode()
        posted = client.post("/admin/accounts/user/act/suspend/?ids=1", {"reason": "x"})
        assert posted.status_code == 302
        client.post(SET_UP, {"act": "leave"})
        assert "_auth_user_id" not in client.session

    def test_with_one_everything_is_open(self, moderator: User) -> None:
        factor_of(moderator)
        client = Client()
        client.force_login(moderator)
        assert enters(client)
        assert client.get(LOGIN)["Location"] == INDEX
