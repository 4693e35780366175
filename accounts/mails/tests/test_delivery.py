"""From the act to the mailbox: who gets a mail, who does not, and what a mail server may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as mailbox
from django.db import transaction
from django.utils import timezone

from accounts import mail
from accounts.models import User
from accounts.moderation.services import reinstate_reader, suspend_reader, warn_reader
from accounts.services import erase_reader
from accounts.tests.factories import UserFactory
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.services import try_again
from bookbridge.kernel.outbox.working import drain
from bookbridge.tests.post_office import PostOffice, post_office

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def office(settings: Any) -> Any:
    with post_office() as opened:
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", opened.port
        settings.EMAIL_TIMEOUT = 60
        yield opened


def send(text: str, **options: Any) -> None:
    with transaction.atomic():
        mail.send(text, **options)


def sent() -> list[Any]:
    drain()
    return mailbox.outbox


def job() -> OutboxJob:
    return OutboxJob.objects.get()


def test_a_mail_goes_to_the_verified_address_in_the_readers_language() -> None:
    reader = UserFactory(username="ana", email="ana@example.org", language="pt-br")
    send("password_changed", reader=reader)
    assert mailbox.outbox == []
    (message,) = sent()
    assert message.to == ["ana@example.org"]
    headers = message.message()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Language"] == "pt-br"
    assert headers["From"] == "BookBridge <noreply@localhost>"
    assert message.body.splitlines()[0] != ""
    assert "ana" in message.body
    assert job().label == "password_changed"
    assert sent() == [message]


def test_the_address_is_the_one_of_the_moment_of_sending() -> None:
    reader = UserFactory(email="old@example.org")
    send("password_changed", reader=reader)
    User.objects.filter(pk=reader.pk).update(email="new@example.org")
    assert sent()[0].to == ["new@example.org"]


def test_an_address_that_was_named_is_taken() -> None:
    reader = UserFactory(email=None, email_verified_at=None)
    send("verify_email", reader=reader, to="new@example.org", context=_link("new@example.org"))
    assert sent()[0].to == ["new@example.org"]


def test_somebody_without_account() -> None:
    send("password_reset_unknown", to="who@example.org", language="pt-br")
    assert sent()[0].to == ["who@example.org"]


def _link(address: str) -> dict[str, str]:
    return {"token": "abc", "address": address}


@pytest.mark.parametrize(
    "changes",
    [
        {"email": None, "email_verified_at": None},
        {"suspended_at": timezone.now()},
        {"email": None, "email_verified_at": None, "erased_at": timezone.now()},
    ],
    ids=["none", "suspended", "erased"],
)
def test_it_is_dropped_when_nobody_may_get_it_any_more(changes: dict[str, Any]) -> None:
    reader = UserFactory()
    send("password_changed", reader=reader)
    User.objects.filter(pk=reader.pk).update(**changes)
    assert sent() == []
    assert job().done_at is not None
    assert job().sealed_payload == ""


def test_who_left_gets_no_mail_but_the_last_one() -> None:
    reader = UserFactory(username="ana", email="ana@example.org")
    send("password_changed", reader=reader)
    send("left", to="ana@example.org", language="en", context={"username": "ana"})
    erase_reader(reader=reader)
    (message,) = sent()
    assert message.to == ["ana@example.org"]
    assert "erased" in message.subject


def test_who_is_suspended_hears_of_that() -> None:
    reader = UserFactory()
    until = timezone.now() + timedelta(days=3)
    suspend_reader(reader=reader, by=None, reason="Three times is enough.", until=until)
    (message,) = sent()
    assert "Three times is enough." in message.body
    assert f"{until:%Y}" in message.body
    reinstate_reader(reader=reader, by=None)
    assert len(sent()) == 2


def test_a_warning_is_mailed_with_its_reason() -> None:
    warn_reader(reader=UserFactory(), by=None, reason="Be kind.")
    (message,) = sent()
    assert "Be kind." in message.body
    assert "warn" in message.body


def test_nonsense_is_refused_when_it_is_put_in() -> None:
    with pytest.raises(ValueError, match="no text"), transaction.atomic():
        mail.send("nothing", to="a@example.org")
    with pytest.raises(ValueError, match="goes to"), transaction.atomic():
        mail.send("left")
    assert not OutboxJob.objects.exists()


@pytest.mark.parametrize(
    "address", ["a@example.org\nBcc: b@example.org", "a@example.org\r\n\r\nbody", "a, b@x.org", "a"]
)
def test_no_address_brings_headers_of_its_own(address: str) -> None:
    reader = UserFactory()
    send("password_changed", reader=reader, to=address)
    assert sent() == []
    assert job().parked_at is not None
    assert "@" not in job().last_error


def test_a_mail_that_cannot_be_written_is_parked() -> None:
    send("password_reset", reader=UserFactory(), context={})
    assert sent() == []
    assert "lacks" in job().last_error


def test_a_mail_server_takes_it_with_a_name_that_stays_the_same(office: PostOffice) -> None:
    reader = UserFactory(email="ana@example.org")
    send("password_reset", reader=reader, context={"token": "abc"})
    office.refused["ana@example.org"] = 451
    drain()
    assert job().failures == 1
    assert "ana@" not in job().last_error
    office.refused.clear()
    OutboxJob.objects.update(due_at=timezone.now())
    assert drain() == 1
    (message,) = office.mails
    assert message["To"] == "ana@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@localhost>")
    assert "#abc" in message.get_payload()


def test_an_address_that_the_server_refuses_for_good_is_parked_at_once(office: PostOffice) -> None:
    office.refused["gone@example.org"] = 550
    send("password_changed", reader=UserFactory(email="gone@example.org"))
    send("password_changed", reader=UserFactory(email="here@example.org"))
    drain()
    parked = OutboxJob.objects.parked().get()
    assert parked.last_error == "Hopeless: the mail server refuses it: 550"
    assert [message["To"] for message in office.mails] == ["here@example.org"]
    office.refused.clear()
    try_again(parked)
    drain()
    assert [message["To"] for message in office.mails][1:] == ["gone@example.org"]


def test_without_a_mail_server_mails_wait_and_are_parked_in_the_end(settings: Any) -> None:
    with post_office() as closed:
        port = closed.port
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    send("password_changed", reader=UserFactory())
    drain()
    waiting = job()
    assert (waiting.parked_at, waiting.failures) == (None, 0)
    assert waiting.last_error.startswith("Away: ConnectionRefusedError")
    assert waiting.due_at > timezone.now()
    long_ago = timezone.now() - timedelta(hours=settings.OUTBOX_PATIENCE_HOURS)
    OutboxJob.objects.update(due_at=long_ago, not_before=long_ago)
    drain()
    assert job().parked_at is not None
    with post_office(port) as office:
        try_again(job())
        drain()
        assert len(office.mails) == 1


def test_in_production_without_a_setting_they_wait_too(settings: Any) -> None:
    settings.EMAIL_BACKEND = ""
    send("password_changed", reader=UserFactory())
    drain()
    assert job().last_error == "Away: EMAIL_URL is not set"
    assert job().parked_at is None
