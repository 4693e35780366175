"""Guessing passwords: who is stopped, who is not, and what a forged header changes: nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import passwords
from accounts.conftest import Mails
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
HOME, AWAY = "192.0.2.7", "198.51.100.1"


def sign_in(
    address: str, password: str = "wrong password", login: str = "ana", **headers: str
) -> Any:
    client = ApiClient()
    client.client.defaults["REMOTE_ADDR"] = address
    return client.post("auth/token/", {"login": login, "password": password}, headers=headers)


def strangers() -> Iterator[str]:
    """Addresses that nobody has used before."""
    for n in range(250):
        yield f"203.0.113.{n}"
    for n in range(250):
        yield f"198.18.0.{n}"


def use_up(elsewhere: Iterator[str]) -> None:
    """Guess from one address after the other until the account is closed to strangers."""
    while sign_in(next(elsewhere)).status_code == 401:
        pass


def test_strangers_do_not_keep_the_owner_out_at_home() -> None:
    UserFactory(username="ana")
    assert sign_in(HOME, PASSWORD).status_code == 200
    use_up(strangers())
    assert sign_in(AWAY, PASSWORD).status_code == 429
    assert sign_in("192.0.2.200", PASSWORD).status_code == 200, "the same network"


def test_at_home_one_guesses_as_rarely() -> None:
    UserFactory(username="ana")
    assert sign_in(HOME, PASSWORD).status_code == 200
    statuses = [sign_in(f"192.0.2.{n}").status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    assert sign_in(AWAY, PASSWORD).status_code == 200, "places at home are no places elsewhere"


def test_a_network_is_home_for_ninety_days() -> None:
    UserFactory(username="ana")
    sign_in(HOME, PASSWORD)
    for days, status in ((89, 200), (91 + 89, 429)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            use_up(strangers())
            # The sign-in on day 89 makes it home until day 179.
            assert sign_in(HOME, PASSWORD).status_code == status


def test_an_account_is_guessed_at_a_hundred_times_a_day(
    settings: Any, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SIGN_IN_WINDOW_SECONDS = 60
    ana, elsewhere = UserFactory(username="ana"), strangers()
    sign_in(HOME, PASSWORD)
    looked_at = 0
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False) as clock:
        sign_in(HOME, PASSWORD)
        for _minute in range(14):
            while sign_in(next(elsewhere)).status_code == 401:
                looked_at += 1
            clock.shift(timedelta(seconds=61))
        assert looked_at == 100
        refused = sign_in(AWAY, PASSWORD)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 3600
        assert [(mail.text, mail.reader) for mail in mails()] == [("sign_in_locked", ana)]
        assert sign_in(HOME, PASSWORD).status_code == 200
        clock.shift(timedelta(days=1))
        assert sign_in(AWAY, PASSWORD).status_code == 200


def test_forged_forwarding_headers_change_nothing() -> None:
    UserFactory(username="ana")
    chance = random.Random(5)
    hashed = 0
    for n in range(40):
        forged = ".".join(str(chance.randrange(256)) for _ in range(4))
        headers = {
            "X-Forwarded-For": f"{forged}, 10.0.0.{n}",
            "X-Real-IP": forged,
            "Forwarded": f"for={forged}",
            "True-Client-IP": forged,
        }
        hashed += sign_in(AWAY, login=f"somebody-{n}", **headers).status_code == 401
    assert hashed == 10


def test_behind_a_proxy_what_the_client_wrote_changes_nothing(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    chance = random.Random(6)
    hashed = 0
    for n in range(40):
        forged = ".".join(str(chance.randrange(256)) for _ in range(4))
        headers = {"X-Forwarded-For": f"{forged}, 203.0.113.80"}
        hashed += sign_in("127.0.0.1", login=f"somebody-{n}", **headers).status_code == 401
    assert hashed == 10
    other = {"X-Forwarded-For": "203.0.113.80, 203.0.113.81"}
    assert sign_in("127.0.0.1", login="somebody", **other).status_code == 401


def test_all_addresses_of_one_ipv6_customer_count_as_one() -> None:
    statuses = [
        sign_in(f"2001:db8:1:2:{n:x}::{n:x}", login=f"somebody-{n}").status_code
        for n in range(1, 12)
    ]
    assert statuses == [401] * 10 + [429]
    assert sign_in("2001:db8:1:3::1", login="somebody").status_code == 401


def test_where_addresses_are_secret_a_used_up_name_tells_none(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = True
    UserFactory(username="ana", email="ana@example.org")
    elsewhere = strangers()
    use_up(elsewhere)
    for login in ("ana@example.org", "nobody@example.org"):
        assert sign_in(next(elsewhere), login=login).status_code == 401


def test_what_was_not_looked_at_is_never_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory(username="ana")
    hashed: list[str] = []
    monkeypatch.setattr(passwords.hashers, "make_password", hashed.append)
    monkeypatch.setattr("accounts.models.User.check_password", lambda *args: hashed.append("x"))
    for n, address in enumerate(strangers()):
        sign_in(address, login="ana" if n % 2 else "nobody")
        if n == 59:
            break
    assert len(hashed) == 20


class TestTheRoomForHashing:
    """One hashes, three wait, and whoever comes then is told at once."""

    def test_who_finds_no_room_does_not_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def wait(timeout: float) -> bool:
            raise AssertionError("nobody waits when there is no room to wait")

        room = passwords.AT_A_TIME + passwords.WAITING
        for _ in range(room):
            passwords._room.acquire()
        monkeypatch.setattr(passwords._slots, "acquire", wait)
        try:
            with pytest.raises(passwords.Unavailable) as refusal, passwords.hashing_slot():
                raise AssertionError("there is no place")
        finally:
            for _ in range(room):
                passwords._room.release()
        assert (refusal.value.code, refusal.value.retry_after) == ("busy", 1)

    def test_every_place_is_given_back(self) -> None:
        for _ in range(20):
            with passwords.hashing_slot():
                pass
            with pytest.raises(ValueError, match="wrong"), passwords.hashing_slot():
                raise ValueError("wrong")
        with passwords.hashing_slot():
            pass

    def test_waiting_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
        with passwords.hashing_slot():
            for _ in range(20):
                with pytest.raises(passwords.Unavailable), passwords.hashing_slot():
                    raise AssertionError("there is no place")
        with passwords.hashing_slot():
            pass
