"""Switching the second factor on and off."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import mail, privacy
from accounts.models import RecoveryCode, SecondFactor, SecurityEvent, Session, SignInChallenge
from accounts.second_factor import challenges, checking
from accounts.second_factor.tests.factors import code_of, factor_of, told, wrong_code
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
URL = "auth/totp/"


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is sent, by name and context."""
    sent: list[tuple[str, Any]] = []

    def send(text: str, *, reader: Any = None, context: Any = None, **rest: Any) -> None:
        sent.append((text, context))

    monkeypatch.setattr(mail, "send", send)
    return sent


def age(client: ApiClient) -> None:
    """Make the sign-in of a client six minutes old."""
    then = timezone.now() - timedelta(minutes=6)
    Session.objects.filter(pk=client.session.pk).update(created_at=then)


def test_it_is_begun_confirmed_and_switched_off(mails: list[Any]) -> None:
    reader = UserFactory(username="ana")
    client, other = ApiClient(reader), ApiClient(reader)
    begun = client.post(URL)
    assert (begun.status_code, begun["Cache-Control"]) == (200, "no-store")
    secret = begun.json()["secret"]
    assert urlsplit(begun.json()["otpauth_uri"]).path == "/BookBridge:ana"
    assert secret not in SecondFactor.objects.get().sealed_secret
    assert client.get(URL).json() == {
        "enabled": False,
        "enabled_at": None,
        "recovery_codes_left": 0,
    }
    assert told(client.post(f"{URL}confirm/", {"code": wrong_code(secret)})) == (
        400,
        "invalid_code",
    )
    first = code_of(secret)
    confirmed = client.post(f"{URL}confirm/", {"code": first})
    assert (confirmed.status_code, confirmed["Cache-Control"]) == (200, "no-store")
    codes = confirmed.json()["recovery_codes"]
    assert len(codes) == 10
    assert other.get("users/me/").status_code == 200  # sessions stay
    assert client.get(URL).json()["recovery_codes_left"] == 10
    assert told(client.post(URL)) == (409, "second_factor_on")
    assert told(client.post(f"{URL}confirm/", {"code": "123456"})) == (409, "second_factor_on")
    # The code that confirmed it has been used.
    assert told(client.delete(URL, {"code": first})) == (400, "invalid_code")
    assert client.delete(URL, {"recovery_code": codes[0].upper()}).status_code == 204
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert told(client.delete(URL, {"code": "123456"})) == (409, "second_factor_off")
    assert mails == [
        ("second_factor_on", None),
        ("recovery_code_used", {"left": 9}),
        ("second_factor_off", None),
    ]
    kinds = set(SecurityEvent.objects.filter(reader=reader).values_list("kind", flat=True))
    assert {"second_factor_on", "second_factor_off", "recovery_code_used"} <= kinds


def test_mails_go_through_the_outbox_with_the_act() -> None:
    reader = UserFactory()
    client = ApiClient(reader)
    secret = client.post(URL).json()["secret"]
    client.post(f"{URL}confirm/", {"code": code_of(secret)})
    jobs = OutboxJob.objects.filter(reader=reader, kind=mail.MAIL)
    assert [json.loads(unseal(job.sealed_payload))["text"] for job in jobs] == ["second_factor_on"]


def test_beginning_again_replaces_what_was_not_confirmed() -> None:
    client = ApiClient(UserFactory())
    first, second = (client.post(URL).json()["secret"] for _n in range(2))
    assert first != second
    assert told(client.post(f"{URL}confirm/", {"code": code_of(first)})) == (400, "invalid_code")
    assert client.post(f"{URL}confirm/", {"code": code_of(second)}).status_code == 200


def test_a_secret_waits_for_its_first_code_for_an_hour() -> None:
    client = ApiClient(UserFactory())
    assert told(client.post(f"{URL}confirm/", {"code": "123456"})) == (
        409,
        "second_factor_not_begun",
    )
    secret = client.post(URL).json()["secret"]
    SecondFactor.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    answer = client.post(f"{URL}confirm/", {"code": code_of(secret)})
    assert told(answer) == (409, "second_factor_not_begun")


def test_an_old_sign_in_needs_the_password() -> None:
    client = ApiClient(UserFactory())
    age(client)
    assert told(client.post(URL)) == (403, "reauthenticate")
    assert told(client.post(URL, {"password": "wrong"})) == (400, "wrong_password")
    assert client.post(URL, {"password": PASSWORD}).status_code == 200


def test_switching_off_needs_a_recent_sign_in_and_a_code() -> None:
    reader = UserFactory()
    secret, _codes = factor_of(reader)
    client = ApiClient(reader)
    assert client.delete(URL).status_code == 400
    assert client.delete(URL, {"code": "123456", "recovery_code": "x"}).status_code == 400
    age(client)
    assert told(client.delete(URL, {"code": code_of(secret)})) == (403, "reauthenticate")
    assert SecondFactor.objects.in_force().exists()


def test_wrong_codes_are_limited_and_the_next_one_is_not_looked_at(settings: Any) -> None:
    reader = UserFactory()
    secret, codes = factor_of(reader)
    client = ApiClient(reader)
    for _n in range(settings.SECOND_FACTOR_FAILURES):
        assert told(client.delete(URL, {"code": wrong_code(secret)})) == (400, "invalid_code")
    refused = client.delete(URL, {"code": code_of(secret)})
    assert told(refused) == (429, "too_many_requests")
    assert int(refused["Retry-After"]) >= 1
    assert client.delete(URL, {"recovery_code": codes[0]}).status_code == 429
    assert SecondFactor.objects.get().last_step == 0
    failures = SecurityEvent.objects.filter(kind="second_factor_failed")
    assert failures.count() == settings.SECOND_FACTOR_FAILURES


def test_a_day_has_its_own_limit(settings: Any) -> None:
    settings.SECOND_FACTOR_FAILURES_A_DAY = 2
    reader = UserFactory()
    secret, _codes = factor_of(reader)
    client = ApiClient(reader)
    for _n in range(2):
        client.delete(URL, {"code": wrong_code(secret)})
    assert client.delete(URL, {"code": code_of(secret)}).status_code == 429
    short, _day = checking.limits_on_guesses()
    # What the day refused took no place of the shorter window.
    for _n in range(settings.SECOND_FACTOR_FAILURES - 2):
        assert short.reserve([f"account:{reader.pk}"]).allowed
    assert not short.reserve([f"account:{reader.pk}"]).allowed


def test_a_lost_sealing_key_is_said_and_no_fault_of_the_program(settings: Any) -> None:
    reader = UserFactory()
    secret, _codes = factor_of(reader)
    settings.SEALING_KEYS = ["A" * 43]
    answer = ApiClient(reader).delete(URL, {"code": code_of(secret)})
    assert told(answer) == (503, "second_factor_unreadable")


def test_operators_can_take_it_away_on_the_record(mails: list[Any]) -> None:
    reader = UserFactory(username="ana")
    factor_of(reader)
    out = StringIO()
    call_command("reset_second_factor", "ana", stdout=out)
    assert "password alone" in out.getvalue()
    assert not SecondFactor.objects.exists()
    assert SecurityEvent.objects.get(kind="second_factor_reset").reader_id == reader.pk
    assert mails == [("second_factor_off", None)]
    call_command("reset_second_factor", "ana", stdout=out)
    assert "has no second factor" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody")


def test_it_is_exported_without_secret_and_erased() -> None:
    reader = UserFactory()
    secret, codes = factor_of(reader)
    challenges.new_challenge(reader)
    said = str(privacy.export(reader))
    assert "'recovery_codes_left': 10" in said
    assert secret not in said
    assert codes[0] not in said
    privacy.erase(reader)
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not SignInChallenge.objects.exists()


def test_everything_ends_with_the_challenges() -> None:
    reader, other = UserFactory(), UserFactory()
    factor_of(reader)
    with pytest.raises(Unauthenticated):
        challenges.require_second_factor(reader)
    kept = challenges.new_challenge(other)
    challenges.end_all(reader, "password_reset")
    assert SignInChallenge.objects.count() == 1
    assert kept
