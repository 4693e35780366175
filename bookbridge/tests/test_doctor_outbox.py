"""What the doctor and the health check say of mails that do not leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import mail
from accounts.tests.factories import UserFactory
from bookbridge.doctor import outbox
from bookbridge.doctor.findings import Finding
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.working import claim
from bookbridge.testing import free_port
from bookbridge.tests.post_office import post_office

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def one(question: Callable[[], Any]) -> Finding:
    (found,) = question()
    assert isinstance(found, Finding)
    return found


def late_mail() -> OutboxJob:
    with transaction.atomic():
        mail.send("password_changed", reader=UserFactory())
    ago = timezone.now() - timedelta(minutes=5)
    OutboxJob.objects.update(due_at=ago, not_before=ago)
    return OutboxJob.objects.get()


def test_a_mail_server(settings: Any) -> None:
    assert not one(outbox.server).is_problem
    settings.EMAIL_BACKEND = ""
    assert "EMAIL_URL" in one(outbox.server).advice
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
    settings.EMAIL_PORT = free_port()
    assert "does not answer" in one(outbox.server).text
    with post_office() as office:
        settings.EMAIL_PORT = office.port
        assert one(outbox.server).text.endswith("answers")


def test_links_that_readers_cannot_open(settings: Any) -> None:
    assert not one(outbox.links).is_problem
    settings.SETTINGS_MODULE = "bookbridge.settings.production"
    assert "PUBLIC_URL" in one(outbox.links).advice
    settings.PUBLIC_URL = "https://books.example.org"
    assert not one(outbox.links).is_problem


def test_a_broker(settings: Any) -> None:
    settings.BROKER_URL = ""
    assert "no broker" in one(outbox.broker).text
    settings.BROKER_URL = f"redis://:secret@127.0.0.1:{free_port()}/0"
    found = one(outbox.broker)
    assert found.is_problem
    assert "secret" not in found.text


def test_mails_that_nobody_sends() -> None:
    assert not one(outbox.jobs).is_problem
    job = late_mail()
    found = one(outbox.jobs)
    assert found.text.startswith("1 jobs are due for up to 5 minutes")
    assert "worker" in found.advice
    OutboxJob.objects.filter(pk=job.pk).update(parked_at=timezone.now(), last_error="x")
    assert "1 mails could not be sent" in one(outbox.jobs).text


def test_readyz_is_degraded_while_nobody_works() -> None:
    assert Client().get("/readyz").json()["checks"]["outbox"] == "ok"
    late_mail()
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["outbox"] == "late"
    assert answer.json()["status"] == "degraded"
    claim()
    assert Client().get("/readyz").json()["checks"]["outbox"] == "ok"
