"""Signing in with a second factor: the challenge, the code, and what neither can be used for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import RecoveryCode, SecondFactor, Session, SignInChallenge, User
from accounts.second_factor import challenges, codes
from accounts.second_factor.tests.factors import code_of, factor_of, told, wrong_code
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
STEP = "auth/token/second-factor/"


def password(reader: User, **changes: Any) -> Any:
    body = {"login": reader.username, "password": PASSWORD, **changes}
    return ApiClient().post("auth/token/", body)


def challenge_of(reader: User) -> str:
    answer = password(reader)
    assert told(answer) == (401, "second_factor_required")
    return str(answer.json()["challenge"])


def step(challenge: str, **proof: str) -> Any:
    return ApiClient().post(STEP, {"challenge": challenge, **proof})


@pytest.fixture
def ana() -> User:
    made: User = UserFactory(username="ana")
    return made


@pytest.fixture
def secret(ana: User) -> str:
    return factor_of(ana)[0]


def test_password_and_code_buy_a_pair(ana: User, secret: str) -> None:
    asked = password(ana)
    assert asked["Cache-Control"] == "no-store"
    assert asked.json()["expires_in"] == 300
    assert not Session.objects.exists()
    answer = step(asked.json()["challenge"], code=code_of(secret))
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "token_type", "expires_in"}
    headers = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert ApiClient().get("users/me/", headers=headers).json()["username"] == "ana"


def test_a_wrong_password_does_not_say_that_there_is_a_second_factor(
    secret: str, ana: User
) -> None:
    assert told(password(ana, password="wrong")) == (401, "invalid_credentials")


def test_a_code_is_good_once(ana: User, secret: str) -> None:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        code = code_of(secret)
        assert step(challenge_of(ana), code=code).status_code == 200
        again = challenge_of(ana)
        assert told(step(again, code=code)) == (401, "invalid_code")
        # Nor the one before it, which somebody may have looked at over a shoulder.
        assert told(step(again, code=code_of(secret, steps=-1))) == (401, "invalid_code")
        traveller.shift(timedelta(seconds=30))
        assert step(again, code=code_of(secret)).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_clocks_may_differ_by_one_step(ana: User, secret: str, steps: int, status: int) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        answer = step(challenge_of(ana), code=code_of(secret, steps=steps))
    assert answer.status_code == status


def test_a_wrong_code_leaves_the_challenge_and_a_right_one_ends_it(ana: User, secret: str) -> None:
    challenge = challenge_of(ana)
    assert told(step(challenge, code=wrong_code(secret))) == (401, "invalid_code")
    assert step(challenge, code=code_of(secret)).status_code == 200
    answer = step(challenge, code=code_of(secret, steps=1))
    assert told(answer) == (401, "invalid_challenge")


def test_a_recovery_code_is_good_once_and_for_its_reader_alone(ana: User) -> None:
    _secret, shown = factor_of(ana)
    bea: User = UserFactory()
    factor_of(bea)
    assert told(step(challenge_of(bea), recovery_code=shown[0])) == (401, "invalid_code")
    assert step(challenge_of(ana), recovery_code=shown[0]).status_code == 200
    assert told(step(challenge_of(ana), recovery_code=shown[0])) == (401, "invalid_code")
    assert step(challenge_of(ana), recovery_code=shown[1].upper()).status_code == 200
    assert RecoveryCode.objects.filter(factor__reader=ana, used_at=None).count() == 8


def test_a_challenge_of_one_is_not_answered_by_the_code_of_another(ana: User, secret: str) -> None:
    bea: User = UserFactory()
    bea_secret, _codes = factor_of(bea)
    assert told(step(challenge_of(bea), code=code_of(secret))) == (401, "invalid_code")
    assert told(step(challenge_of(ana), code=code_of(bea_secret))) == (401, "invalid_code")


def test_a_challenge_is_over_after_five_minutes(ana: User, secret: str) -> None:
    challenge = challenge_of(ana)
    SignInChallenge.objects.update(expires_at=timezone.now())
    assert told(step(challenge, code=code_of(secret))) == (401, "invalid_challenge")


@pytest.mark.parametrize(
    "change",
    [
        lambda ana: User.objects.filter(pk=ana.pk).update(password="another hash"),
        lambda ana: SecondFactor.objects.all().delete(),
        lambda ana: challenges.end_all(ana, "everywhere"),
        lambda ana: User.objects.filter(pk=ana.pk).update(erased_at=timezone.now(), email=None),
    ],
)
def test_what_has_changed_since_the_password_makes_the_challenge_void(
    ana: User, secret: str, change: Callable[[User], Any]
) -> None:
    challenge = challenge_of(ana)
    change(ana)
    assert told(step(challenge, code=code_of(secret))) == (401, "invalid_challenge")
    assert not Session.objects.exists()


def test_a_reader_suspended_meanwhile_hears_of_it(ana: User, secret: str) -> None:
    challenge = challenge_of(ana)
    User.objects.filter(pk=ana.pk).update(suspended_at=timezone.now())
    assert told(step(challenge, code=code_of(secret))) == (401, "account_suspended")
    User.objects.filter(pk=ana.pk).update(suspended_at=None)
    # Nothing was used up by being refused.
    assert step(challenge, code=code_of(secret)).status_code == 200


def test_wrong_codes_are_limited_over_all_challenges(ana: User, secret: str, settings: Any) -> None:
    for _n in range(settings.SECOND_FACTOR_FAILURES):
        assert step(challenge_of(ana), code=wrong_code(secret)).status_code == 401
    refused = step(challenge_of(ana), code=code_of(secret))
    assert told(refused) == (429, "too_many_requests")
    assert not Session.objects.exists()


def test_right_codes_take_no_place(ana: User, settings: Any) -> None:
    settings.SECOND_FACTOR_FAILURES = 1
    _secret, shown = factor_of(ana)
    for code in shown[:3]:
        assert step(challenge_of(ana), recovery_code=code).status_code == 200


def test_a_challenge_opens_nothing_else(ana: User, secret: str) -> None:
    challenge = challenge_of(ana)
    headers = {"Authorization": f"Bearer {challenge}"}
    for path in ("users/me/", "books/", "auth/totp/"):
        assert told(ApiClient().get(path, headers=headers)) == (401, "invalid_token")
    assert ApiClient().post("auth/token/verify/", {"token": challenge}).status_code == 401
    assert ApiClient().post("auth/token/refresh/", {"refresh": challenge}).status_code == 401
    assert SignInChallenge.objects.get().digest != challenge


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "123456"},
        {"challenge": "x"},
        {"challenge": "x", "code": "123456", "recovery_code": "y"},
        {"challenge": "x", "code": 123456},
        {"challenge": "x", "code": "12345"},
        {"challenge": "x", "code": "12345६"},
        {"challenge": ["x"], "code": "123456"},
    ],
)
def test_the_shape_is_checked(body: dict[str, Any]) -> None:
    assert ApiClient().post(STEP, body).status_code == 400


def at_once(count: int, act: Callable[[int], int]) -> list[int]:
    """What `count` threads get that start together."""
    found: list[int] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait()
            found.append(act(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["code", "recovery_code"])
def test_of_eight_uses_of_one_code_at_once_one_succeeds(
    ana: User, kind: str, settings: Any
) -> None:
    settings.SECOND_FACTOR_FAILURES = settings.SECOND_FACTOR_FAILURES_A_DAY = 100
    secret, shown = factor_of(ana)
    for turn in range(3):
        SecondFactor.objects.update(last_step=0)
        waiting = [challenges.new_challenge(ana) for _n in range(8)]
        proof = {kind: code_of(secret) if kind == "code" else shown[turn]}
        statuses = at_once(8, lambda number: step(waiting[number], **proof).status_code)  # noqa: B023
        assert sorted(statuses) == [200] + [401] * 7
    assert Session.objects.count() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_ten_recovery_codes_at_once_for_one_challenge_one_is_used(
    ana: User, settings: Any
) -> None:
    settings.SECOND_FACTOR_FAILURES = settings.SECOND_FACTOR_FAILURES_A_DAY = 100
    _secret, shown = factor_of(ana)
    challenge = challenges.new_challenge(ana)
    statuses = at_once(
        codes.RECOVERY_CODES,
        lambda number: step(challenge, recovery_code=shown[number]).status_code,
    )
    assert sorted(statuses) == [200] + [401] * 9
    assert RecoveryCode.objects.filter(used_at=None).count() == 9
    assert Session.objects.count() == 1
