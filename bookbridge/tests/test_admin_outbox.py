"""Mails in the admin: what staff sees of them, and trying again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import mail
from accounts.tests.factories import UserFactory
from bookbridge.kernel.models import OutboxJob

pytestmark = pytest.mark.django_db

LIST = "admin:kernel_outboxjob_changelist"
PAGE = "admin:kernel_outboxjob_change"
ACT = "admin:kernel_outboxjob_act"


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(UserFactory(username="judge", moderator=True))
    return made


def job(name: str, **values: Any) -> OutboxJob:
    reader = UserFactory(username=name, email=f"{name}@example.org")
    with transaction.atomic():
        mail.send("password_reset", reader=reader, context={"token": "canary-token"})
    made = OutboxJob.objects.latest("pk")
    OutboxJob.objects.filter(pk=made.pk).update(**values)
    made.refresh_from_db()
    return made


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_states_are_told_apart_and_nothing_secret_is_shown(client: Client) -> None:
    now = timezone.now()
    parked = job("parked-one", parked_at=now, last_error="Hopeless: 550")
    job("waiting-one")
    job("done-one", done_at=now, sealed_payload="", label="left")
    lists = {
        state: text_of(client, f"{reverse(LIST)}?state={state}")
        for state in ("parked", "waiting", "done")
    }
    assert "parked-one" in lists["parked"]
    assert "550" in lists["parked"]
    assert "waiting-one" not in lists["parked"] + lists["done"]
    assert "waiting-one" in lists["waiting"]
    page = text_of(client, reverse(PAGE, args=[parked.pk]))
    assert "password_reset" in page
    for text in (*lists.values(), page):
        for secret in ("canary-token", "@example.org", parked.sealed_payload):
            assert secret not in text


def test_the_first_page_says_how_many_are_parked(client: Client) -> None:
    index = reverse("admin:index")
    assert "state=parked" not in text_of(client, index)
    job("one", parked_at=timezone.now(), last_error="x")
    assert "1 mail could not be sent" in text_of(client, index)
    job("two", parked_at=timezone.now(), last_error="x")
    assert "2 mails could not be sent" in text_of(client, index)


def test_staff_tries_again(client: Client) -> None:
    parked = job("parked-one", parked_at=timezone.now(), last_error="x", failures=8, attempts=8)
    address = f"{reverse(ACT, args=['try_again'])}?ids={parked.pk}"
    assert "act/try_again/" in text_of(client, reverse(PAGE, args=[parked.pk]))
    text_of(client, address)
    assert client.post(address, {"csrfmiddlewaretoken": "x"}).status_code == 302
    parked.refresh_from_db()
    assert (parked.parked_at, parked.failures) == (None, 0)
    assert "act/try_again/" not in text_of(client, reverse(PAGE, args=[parked.pk]))


def test_what_cannot_be_tried_again_is_told(client: Client) -> None:
    waiting = job("waiting-one")
    address = f"{reverse(ACT, args=['try_again'])}?ids={waiting.pk}"
    answer = client.post(address, {"csrfmiddlewaretoken": "x"}, follow=True)
    assert "This is not parked." in answer.content.decode()
