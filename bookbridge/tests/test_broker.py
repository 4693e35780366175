"""The broker away, silent and back: no request touches it, no mail is lost."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.core import mail as mailbox
from django.db import connections, transaction
from django.test import Client

from accounts import mail
from accounts.moderation.services import warn_reader
from accounts.tests.factories import UserFactory
from bookbridge import alongside, relaying
from bookbridge.celery import app, drain_outbox
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox import broker
from bookbridge.kernel.outbox.loop import Loop
from bookbridge.kernel.tests.conftest import closed_port, private_redis, silent_server
from bookbridge.relaying import relay
from bookbridge.testing import ApiClient
from clubs.membership.tests.factories import ClubFactory
from reviews.reports.models import Report

__all__ = ["closed_port", "private_redis", "silent_server"]

PATIENCE = 120


@pytest.fixture
def use_broker(settings: Any) -> Iterator[Callable[[str], None]]:
    """Makes something the broker of this process."""
    before = app.conf.broker_url

    def use(url: str) -> None:
        settings.BROKER_URL = url
        app.conf.broker_url = url
        if app._pool is not None:
            app._pool.force_close_all()
        app._pool = None
        app.__dict__.pop("amqp", None)

    yield use
    use(before)
    broker.away.clear()


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The threads that opened a connection, by name, and the port it was to."""
    made: list[tuple[str, int]] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        port = address[1] if isinstance(address, tuple) else 0
        made.append((threading.current_thread().name, port))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return made


class Turns:
    """The relay as a loop of which each turn that tried is counted."""

    def __init__(self) -> None:
        self.tried = threading.Semaphore(0)
        self.loop = Loop("relay", self._turn)

    def _turn(self, loop: Loop) -> float | None:
        asked = loop.nudged or broker.away.is_set()
        rest = relay(loop)
        if asked:
            self.tried.release()
        return rest


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    monkeypatch.setattr(relaying, "PAUSE_AWAY", 0.2)
    made = Turns()
    made.loop.start()
    yield made
    made.loop.stop(PATIENCE)


def decide() -> None:
    """A request that makes two mails: a moderator dismisses a report."""
    moderator, reporter, owner = UserFactory(moderator=True), UserFactory(), UserFactory()
    club = ClubFactory(owner=owner)
    told = {"target": {"kind": "club", "id": club.slug}, "reason": "spam"}
    assert ApiClient(reporter).post("reports/", told).status_code == 201
    report = Report.objects.get()
    answer = ApiClient(moderator).post(
        f"moderation/reports/{report.pk}/dismiss/", {"reason": "It is fine."}
    )
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("kind", ["closed_port", "silent_server"])
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_delays_no_request_and_loses_no_mail(
    kind: str,
    request: pytest.FixtureRequest,
    use_broker: Callable[[str], None],
    turns: Turns,
    connects: list[tuple[str, int]],
    private_redis: Any,
) -> None:
    url = request.getfixturevalue(kind)
    use_broker(url)
    port = urlsplit(url).port
    decide()
    me = threading.current_thread().name
    assert (me, port) not in connects, "the request opened no connection to the broker"
    assert turns.tried.acquire(timeout=PATIENCE), "the thread beside it did"
    assert ("relay", port) in connects
    assert broker.away.is_set()
    assert OutboxJob.objects.waiting().count() == 2
    checks = Client().get("/readyz").json()
    assert (checks["status"], checks["checks"]["outbox"]) == ("degraded", "down")

    use_broker(private_redis.url)
    while broker.away.is_set():
        assert turns.tried.acquire(timeout=PATIENCE), "it is not tried again"
    server = redis.Redis.from_url(private_redis.url, socket_timeout=60)
    queues = [key for key in server.keys("*outbox") if server.type(key) == b"list"]
    (message,) = [json.loads(each) for key in queues for each in server.lrange(key, 0, -1)]
    assert message["headers"]["task"] == "outbox.drain"
    arguments, named, _more = json.loads(base64.b64decode(message["body"]))
    assert (arguments, named) == ([], {}), "it names nobody and nothing"
    server.close()
    assert drain_outbox() == 2
    assert len(mailbox.outbox) == 2
    assert Client().get("/readyz").json()["checks"]["outbox"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_the_relay_says_nothing_when_nobody_asked(
    use_broker: Callable[[str], None], connects: list[tuple[str, int]], closed_port: str
) -> None:
    use_broker(closed_port)
    loop = Loop("relay", relay)
    assert relay(loop) is None
    assert connects == []
    assert not broker.away.is_set()


def test_the_broker_is_given_a_second_and_messages_are_kept_until_they_are_done() -> None:
    options = app.conf.broker_transport_options
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 1
    assert options["visibility_timeout"] > 600
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_process_does_it_itself(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_URL = ""
    settings.OUTBOX_POLL_SECONDS = 3600
    sent = threading.Event()
    monkeypatch.setattr("accounts.mails.delivery._send", lambda message: sent.set())
    alongside.start()
    try:
        alongside.start()
        assert [t.name for t in threading.enumerate()].count("outbox") == 1
        warn_reader(reader=UserFactory(), by=None, reason="Be kind.")
        assert sent.wait(PATIENCE)
    finally:
        alongside.stop()
    assert "outbox" not in [t.name for t in threading.enumerate()]
    with transaction.atomic():
        mail.send("password_changed", reader=UserFactory())
    connections.close_all()
    assert OutboxJob.objects.waiting().exists()
