"""Addresses: registered, confirmed, asked for again, changed, with and without verification."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.conftest import Mails
from accounts.models import SecurityEvent, User
from accounts.services import open_session
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
ANA = {"username": "ana", "email": "Ana@Example.org", "password": PASSWORD}
VERIFY, RESEND, CHANGE = "auth/email/verify/", "auth/email/resend/", "auth/email/change/"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def signs_in(login: str, password: str = PASSWORD) -> bool:
    body = {"login": login, "password": password}
    return bool(ApiClient().post("auth/token/", body).status_code == 200)


def addresses_of(reader: User) -> tuple[str | None, str | None]:
    reader.refresh_from_db()
    return reader.email, reader.pending_email


@pytest.mark.usefixtures("verification")
class TestWithVerification:
    """An address counts once its link was opened."""

    def test_a_new_address_waits_and_its_link_confirms_it(self, mails: Mails) -> None:
        made = ApiClient().post("auth/register/", ANA)
        assert made.status_code == 201
        assert made.json() == {
            "username": "ana",
            "email": "ana@example.org",
            "email_verified": False,
            "display_name": "",
            "language": "en",
        }
        ana = User.objects.get()
        assert addresses_of(ana) == (None, "ana@example.org")
        assert signs_in("ana")
        assert not signs_in("ana@example.org")
        [mail] = mails()
        assert (mail.text, mail.reader, mail.to) == ("verify_email", ana, "ana@example.org")
        assert mail.context["address"] == "ana@example.org"

        answer = ApiClient().post(VERIFY, {"token": mail.token})
        assert (answer.status_code, answer.json()["email_verified"]) == (200, True)
        assert answer["Cache-Control"] == "no-store"
        assert addresses_of(ana) == ("ana@example.org", None)
        assert signs_in("ana@example.org")
        assert code_of(ApiClient().post(VERIFY, {"token": mail.token})) == (400, "invalid_link")

    def test_somebody_elses_address_is_told_to_them_alone(self, mails: Mails) -> None:
        holder = UserFactory(email="ana@example.org", language="pt-br")
        made = ApiClient().post("auth/register/", ANA)
        assert (made.status_code, made.json()["email_verified"]) == (201, False)
        [mail] = mails()
        assert (mail.text, mail.reader, mail.context) == ("address_in_use", holder, {})
        assert addresses_of(User.objects.get(username="ana")) == (None, "ana@example.org")

    def test_of_two_who_wait_for_one_address_the_first_gets_it(self, mails: Mails) -> None:
        for name in ("ana", "eve"):
            ApiClient().post("auth/register/", ANA | {"username": name})
        first, second = mails()
        assert ApiClient().post(VERIFY, {"token": second.token}).status_code == 200
        assert code_of(ApiClient().post(VERIFY, {"token": first.token})) == (409, "email_taken")
        assert addresses_of(User.objects.get(username="ana")) == (None, "ana@example.org")

    def test_a_link_is_over_after_a_day(self, mails: Mails) -> None:
        ApiClient().post("auth/register/", ANA)
        token = mails()[0].token
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert code_of(ApiClient().post(VERIFY, {"token": token})) == (400, "invalid_link")

    def test_asked_for_again_the_link_is_a_new_one(self, mails: Mails) -> None:
        ApiClient().post("auth/register/", ANA)
        [old] = mails()
        asked = ApiClient().post(RESEND, {"email": "ANA@example.org"})
        assert (asked.status_code, asked.json()) == (202, {})
        [new] = mails()
        assert (new.text, new.to) == ("verify_email", "ana@example.org")
        assert code_of(ApiClient().post(VERIFY, {"token": old.token})) == (400, "invalid_link")
        assert ApiClient().post(VERIFY, {"token": new.token}).status_code == 200

    @pytest.mark.parametrize("who", ["nobody", "verified", "suspended"])
    def test_an_address_that_waits_for_nothing_is_told_so(self, mails: Mails, who: str) -> None:
        holder = None
        if who == "verified":
            holder = UserFactory(email="ana@example.org")
        elif who == "suspended":
            UserFactory(unverified=True, suspended=True, pending_email="ana@example.org")
        headers = {"Accept-Language": "pt-BR"}
        asked = ApiClient().post(RESEND, {"email": "ana@example.org"}, headers=headers)
        assert (asked.status_code, asked.json()) == (202, {})
        [mail] = mails()
        assert (mail.text, mail.reader, mail.to, mail.language) == (
            "verify_email_unknown",
            holder,
            "ana@example.org",
            None if holder else "pt-br",
        )

    def test_a_new_address_waits_and_the_present_one_stays(self, mails: Mails) -> None:
        ana = UserFactory(username="ana", email="old@example.org")
        client, body = ApiClient(ana), {"email": "New@example.org", "password": PASSWORD}
        answer = client.post(CHANGE, body)
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "email": "old@example.org",
                "email_verified": True,
                "pending_email": "new@example.org",
            },
        )
        confirm, notice = mails()
        assert (confirm.text, confirm.to) == ("email_change_confirm", "new@example.org")
        assert (notice.text, notice.reader, notice.to) == ("email_change_notice", ana, None)
        assert signs_in("old@example.org")

        ApiClient().post("auth/password/reset/", {"email": "old@example.org"})
        [reset] = mails()
        assert ApiClient().post(VERIFY, {"token": confirm.token}).status_code == 200
        [changed] = mails()
        assert (changed.text, changed.to) == ("email_changed", "old@example.org")
        assert addresses_of(ana) == ("new@example.org", None)
        assert signs_in("new@example.org")
        assert not signs_in("old@example.org")
        # What was mailed to the old address opens nothing any more; the session goes on.
        late = {"token": reset.token, "password": "another good password"}
        assert code_of(ApiClient().post("auth/password/reset/confirm/", late))[0] == 400
        assert client.get("users/me/").status_code == 200

    def test_a_change_to_somebodys_address_looks_alike(self, mails: Mails) -> None:
        holder = UserFactory(email="taken@example.org")
        ana = UserFactory(email="old@example.org")
        answers = [
            ApiClient(ana).post(CHANGE, {"email": email, "password": PASSWORD}).json()
            for email in ("taken@example.org", "free@example.org")
        ]
        assert answers[0] | {"pending_email": "free@example.org"} == answers[1]
        told, notice, confirm, second = mails()
        assert (told.text, told.reader) == ("address_in_use", holder)
        assert confirm.text == "email_change_confirm"
        assert notice == second

    def test_the_present_address_takes_a_change_back(self, mails: Mails) -> None:
        ana = UserFactory(email="old@example.org")
        client = ApiClient(ana)
        client.post(CHANGE, {"email": "new@example.org", "password": PASSWORD})
        token = mails()[0].token
        answer = client.post(CHANGE, {"email": "old@example.org", "password": PASSWORD})
        assert answer.json()["pending_email"] is None
        assert not mails()
        assert code_of(ApiClient().post(VERIFY, {"token": token})) == (400, "invalid_link")

    def test_a_link_of_an_earlier_change_does_not_confirm_the_later_one(self, mails: Mails) -> None:
        client = ApiClient(UserFactory())
        client.post(CHANGE, {"email": "first@example.org", "password": PASSWORD})
        client.post(CHANGE, {"email": "second@example.org", "password": PASSWORD})
        first = mails()[0]
        assert first.to == "first@example.org"
        assert code_of(ApiClient().post(VERIFY, {"token": first.token})) == (400, "invalid_link")

    def test_who_waits_for_the_first_address_may_correct_it(self, mails: Mails) -> None:
        ana = UserFactory(unverified=True)
        ApiClient(ana).post(CHANGE, {"email": "right@example.org", "password": PASSWORD})
        [mail] = mails()
        assert (mail.text, mail.to) == ("verify_email", "right@example.org")

    def test_a_mailbox_gets_five_mails_an_hour(self, mails: Mails) -> None:
        UserFactory(unverified=True, pending_email="ana@example.org")
        for n in range(8):
            extra = {"X-Forwarded-For": f"192.0.2.{n}"}
            asked = ApiClient().post(RESEND, {"email": "ana@example.org"}, headers=extra)
            assert (asked.status_code, asked.json()) == (202, {})
        assert len(mails()) == 5

    def test_one_client_asks_for_twenty_mails_an_hour(self, mails: Mails) -> None:
        for n in range(24):
            body = {"email": f"somebody{n}@example.org"}
            assert ApiClient().post(RESEND, body).status_code == 202
        assert len(mails()) == 20


def test_an_address_counts_at_once_where_verification_is_off(mails: Mails) -> None:
    made = ApiClient().post("auth/register/", ANA)
    assert made.json()["email_verified"] is True
    assert not mails()
    eve = ApiClient().post("auth/register/", ANA | {"username": "eve"})
    assert code_of(eve) == (409, "email_taken")


def test_a_change_counts_at_once_where_verification_is_off(mails: Mails) -> None:
    UserFactory(email="taken@example.org")
    ana = UserFactory(email="old@example.org")
    client = ApiClient(ana)
    refused = client.post(CHANGE, {"email": "taken@example.org", "password": PASSWORD})
    assert code_of(refused) == (409, "email_taken")
    answer = client.post(CHANGE, {"email": "new@example.org", "password": PASSWORD})
    assert answer.json() == {
        "email": "new@example.org",
        "email_verified": True,
        "pending_email": None,
    }
    [mail] = mails()
    assert (mail.text, mail.reader, mail.to) == ("email_changed", ana, "old@example.org")
    assert SecurityEvent.objects.filter(kind="email_changed", reader=ana).count() == 1


def test_a_change_needs_the_password_or_a_young_sign_in() -> None:
    ana = UserFactory()
    session = open_session(reader=ana)
    client = ApiClient(ana)
    assert client.post(CHANGE, {"email": "a@example.org"}).status_code == 200
    wrong = client.post(CHANGE, {"email": "b@example.org", "password": "not my password"})
    assert code_of(wrong) == (400, "wrong_password")
    assert wrong.json()["errors"][0]["pointer"] == "/password"
    client.session.__class__.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert code_of(client.post(CHANGE, {"email": "c@example.org"})) == (403, "reauthenticate")
    body = {"email": "c@example.org", "password": PASSWORD}
    assert client.post(CHANGE, body).status_code == 200
    assert session.reader == ana


def test_an_account_changes_its_address_five_times_an_hour() -> None:
    client = ApiClient(UserFactory())
    statuses = [
        client.post(CHANGE, {"email": f"a{n}@example.org", "password": PASSWORD}).status_code
        for n in range(6)
    ]
    assert statuses == [200] * 5 + [429]


def test_links_are_not_guessed(mails: Mails) -> None:
    for n in range(10):
        assert ApiClient().post(VERIFY, {"token": f"{n}" * 43}).status_code == 400
    refused = ApiClient().post(VERIFY, {"token": "x" * 43})
    assert code_of(refused) == (429, "too_many_requests")
    assert int(refused["Retry-After"]) > 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_confirm_one_address_at_once_one_gets_it(mails: Mails, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = True
    settings.MAILS_TO_ADDRESS_AN_HOUR = 8
    for n in range(8):
        ApiClient().post("auth/register/", ANA | {"username": f"ana{n}"})
    tokens = [mail.token for mail in mails()]
    start, statuses = threading.Barrier(8, timeout=60), []

    def confirm(token: str) -> None:
        start.wait()
        try:
            statuses.append(ApiClient().post(VERIFY, {"token": token}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    assert User.objects.filter(email="ana@example.org").count() == 1
