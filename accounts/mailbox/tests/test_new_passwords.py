"""New passwords: by the present one and by a link; everything else of the account ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts import links, passwords
from accounts.conftest import Mail, Mails
from accounts.mailbox.models import Purpose
from accounts.models import SecretLink, SecurityEvent, Session, User
from accounts.services import open_session
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tokens import issue_pair
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
NEW = "a password nobody has"
CHANGE, ASK, RESET = "auth/password/change/", "auth/password/reset/", "auth/password/reset/confirm/"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def signs_in(reader: User, password: str) -> bool:
    body = {"login": reader.username, "password": password}
    return bool(ApiClient().post("auth/token/", body).status_code == 200)


def asked(mails: Mails, reader: User) -> Mail:
    answer = ApiClient().post(ASK, {"email": (reader.email or "").upper()})
    assert (answer.status_code, answer.json()) == (202, {})
    [mail] = mails()
    return mail


def everything_of(reader: User) -> Callable[[], list[bool]]:
    """What opens the account besides the password; the result says what still does."""
    clients = [ApiClient(reader) for _ in range(2)]
    pair = issue_pair(reader, open_session(reader=reader))
    lifetime = timedelta(hours=1)
    for purpose in Purpose:
        links.issue(reader, purpose, lifetime=lifetime, address="x@example.org")

    def alive() -> list[bool]:
        refreshed = ApiClient().post("auth/token/refresh/", {"refresh": pair["refresh"]})
        return [
            *(client.get("users/me/").status_code == 200 for client in clients),
            refreshed.status_code == 200,
            SecretLink.objects.filter(reader=reader, used_at__isnull=True).exists(),
        ]

    return alive


def test_a_changed_password_ends_everything_and_opens_a_new_session(mails: Mails) -> None:
    ana, other = UserFactory(username="ana"), ApiClient(UserFactory())
    client, alive = ApiClient(ana), everything_of(ana)
    answer = client.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"access", "refresh", "token_type", "expires_in"}
    assert not any(alive())
    assert client.get("users/me/").status_code == 401
    assert other.get("users/me/").status_code == 200
    again = ApiClient(Authorization=f"Bearer {answer.json()['access']}")
    assert again.get("users/me/").json()["username"] == "ana"
    refreshed = ApiClient().post("auth/token/refresh/", {"refresh": answer.json()["refresh"]})
    assert refreshed.status_code == 200
    assert signs_in(ana, NEW)
    assert not signs_in(ana, PASSWORD)
    assert [(mail.text, mail.reader) for mail in mails()] == [("password_changed", ana)]
    assert SecurityEvent.objects.filter(kind="password_changed", reader=ana).count() == 1
    reasons = Session.objects.filter(reader=ana, revoked_at__isnull=False)
    assert set(reasons.values_list("revoked_reason", flat=True)) == {"password_changed"}


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "min_length"),
        ("qwertyuiop123", "password_too_common"),
        ("ana@example.org", "password_too_similar"),
    ],
)
def test_a_new_password_is_held_to_the_rules(mails: Mails, new: str, code: str) -> None:
    ana = UserFactory(username="ana")
    body = {"current_password": PASSWORD, "new_password": new}
    changed = ApiClient(ana).post(CHANGE, body)
    token = asked(mails, ana).token
    reset = ApiClient().post(RESET, {"token": token, "password": new})
    for answer, pointer in ((changed, "/new_password"), (reset, "/password")):
        [fault] = answer.json()["errors"]
        assert (answer.status_code, fault["pointer"], fault["code"]) == (400, pointer, code)
    # The link is good for a better one.
    assert ApiClient().post(RESET, {"token": token, "password": NEW}).status_code == 204


def test_a_wrong_present_password_changes_nothing_and_is_counted(mails: Mails) -> None:
    ana = UserFactory()
    client = ApiClient(ana)
    body = {"current_password": "not my password", "new_password": NEW}
    for _ in range(10):
        answer = client.post(CHANGE, body)
        assert code_of(answer) == (400, "wrong_password")
    assert answer.json()["errors"][0]["pointer"] == "/current_password"
    right = body | {"current_password": PASSWORD}
    assert code_of(client.post(CHANGE, right)) == (429, "too_many_requests")
    assert client.get("users/me/").status_code == 200
    # It is another count than that of signing in.
    assert signs_in(ana, PASSWORD)
    assert not mails()


def test_a_right_present_password_gives_its_place_back() -> None:
    ana = UserFactory()
    for _ in range(12):
        client = ApiClient(User.objects.get(pk=ana.pk))
        body = {"current_password": PASSWORD, "new_password": PASSWORD}
        assert client.post(CHANGE, body).status_code == 200


def test_a_reset_ends_everything(mails: Mails) -> None:
    ana = UserFactory()
    alive = everything_of(ana)
    mail = asked(mails, ana)
    assert (mail.text, mail.reader, mail.to) == ("password_reset", ana, None)
    answer = ApiClient().post(RESET, {"token": mail.token, "password": NEW})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not any(alive())
    assert signs_in(ana, NEW)
    assert not signs_in(ana, PASSWORD)
    again = ApiClient().post(RESET, {"token": mail.token, "password": NEW})
    assert code_of(again) == (400, "invalid_link")
    assert [mail.text for mail in mails()] == ["password_changed"]


def test_a_reset_link_is_over_after_an_hour_and_dies_with_the_next(mails: Mails) -> None:
    ana = UserFactory()
    older, newer = asked(mails, ana), asked(mails, ana)
    refused = ApiClient().post(RESET, {"token": older.token, "password": NEW})
    assert code_of(refused) == (400, "invalid_link")
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        refused = ApiClient().post(RESET, {"token": newer.token, "password": NEW})
        assert code_of(refused) == (400, "invalid_link")


def test_an_address_without_account_is_told_that_it_has_none(mails: Mails) -> None:
    UserFactory(unverified=True, pending_email="waits@example.org")
    headers = {"Accept-Language": "pt-BR"}
    for address in ("nobody@example.org", "waits@example.org"):
        answer = ApiClient().post(ASK, {"email": address}, headers=headers)
        assert (answer.status_code, answer.json()) == (202, {})
        [mail] = mails()
        told = (mail.text, mail.reader, mail.to, mail.language, mail.context)
        assert told == ("password_reset_unknown", None, address, "pt-br", {})


def test_a_suspended_reader_is_told_why(mails: Mails) -> None:
    until = timezone.now() + timedelta(days=3)
    ana = UserFactory(suspended=True, suspended_until=until)
    mail = asked(mails, ana)
    assert (mail.text, mail.context["reason"]) == ("account_suspended", "Spam.")
    assert mail.context["until"].startswith(until.isoformat()[:19])


def test_a_link_asked_for_before_a_suspension_is_void(mails: Mails) -> None:
    ana = UserFactory()
    mail = asked(mails, ana)
    User.objects.filter(pk=ana.pk).update(suspended_at=timezone.now())
    refused = ApiClient().post(RESET, {"token": mail.token, "password": NEW})
    assert code_of(refused) == (400, "invalid_link")


def test_a_mailbox_gets_five_reset_links_an_hour(mails: Mails) -> None:
    ana = UserFactory()
    for _ in range(8):
        assert ApiClient().post(ASK, {"email": ana.email}).status_code == 202
    assert len(mails()) == 5


def test_who_resets_is_not_kept_out_by_who_guesses(mails: Mails) -> None:
    ana = UserFactory(username="ana")

    def attempt(address: str, password: str = "wrong password") -> int:
        body = {"login": "ana", "password": password}
        client = ApiClient()
        client.client.defaults["REMOTE_ADDR"] = address
        return int(client.post("auth/token/", body).status_code)

    def guess_until_refused() -> None:
        while attempt("203.0.113.9") == 401:
            pass

    guess_until_refused()
    assert attempt("192.0.2.1", PASSWORD) == 429
    token = asked(mails, ana).token
    client = ApiClient()
    client.client.defaults["REMOTE_ADDR"] = "192.0.2.1"
    assert client.post(RESET, {"token": token, "password": NEW}).status_code == 204
    for n in range(12):
        attempt(f"198.51.100.{n}")
    assert attempt("198.51.100.99", NEW) == 429
    assert attempt("192.0.2.2", NEW) == 200, "the network of the reset is the reader's own"


def test_a_flood_leaves_the_link_good(mails: Mails, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2Hasher", *settings.PASSWORD_HASHERS]
    token = asked(mails, UserFactory()).token
    room = passwords.AT_A_TIME + passwords.WAITING
    for _ in range(room):
        passwords._room.acquire()
    try:
        answer = ApiClient().post(RESET, {"token": token, "password": NEW})
        assert code_of(answer) == (503, "busy")
    finally:
        for _ in range(room):
            passwords._room.release()
    assert ApiClient().post(RESET, {"token": token, "password": NEW}).status_code == 204


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_eight_changes_at_once_one_counts() -> None:
    ana = UserFactory()
    clients = [ApiClient(ana) for _ in range(8)]
    start, statuses = threading.Barrier(8, timeout=60), []

    def change(n: int) -> None:
        start.wait()
        try:
            body = {"current_password": PASSWORD, "new_password": f"{NEW} {n}"}
            statuses.append(clients[n].post(CHANGE, body).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 400, 401, 429}
    assert Session.objects.live().filter(reader=ana).count() == 1
