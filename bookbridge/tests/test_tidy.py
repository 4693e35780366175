"""What `tidy` forgets, and what it leaves alone."""

from __future__ import annotations

import io
import uuid
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session as AdminSession
from django.core.management import call_command
from django.db.models import Model
from django.utils import timezone

from accounts.models import (
    KeptText,
    PersonalToken,
    SecondFactor,
    SecretLink,
    SecurityTrace,
    Session,
    SignInChallenge,
    SigningKey,
)
from accounts.security.records import record_event
from accounts.sessions import forget_ended_sessions, open_session
from accounts.tests.factories import UserFactory
from bookbridge.kernel.models import IdempotencyKey, LimitCounter, OutboxJob
from bookbridge.management.commands import tidy as command
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
KINDS = {
    "idempotency keys": IdempotencyKey,
    "limit counters": LimitCounter,
    "kept texts": KeptText,
    "secret links": SecretLink,
    "outbox jobs": OutboxJob,
    "sessions": Session,
    "personal tokens": PersonalToken,
    "unconfirmed second factors": SecondFactor,
    "unanswered challenges": SignInChallenge,
    "traces of the security record": SecurityTrace,
    "sessions of the admin": AdminSession,
    "last mails": OutboxJob,
}
#: Of these a part is removed, the rows stay.
HALVES = "private halves of signing keys"
LEAVING = "readers who leave"


def tidy(*options: str) -> dict[str, str]:
    told = io.StringIO()
    call_command("tidy", *options, stdout=told)
    return dict(line.split(": ") for line in told.getvalue().splitlines())


def a_key(name: str, age: timedelta) -> None:
    values = {"path": "p", "fingerprint": "f", "status": 201}
    moment = timezone.now() - age
    IdempotencyKey.objects.create(user=UserFactory(), key=name, created_at=moment, **values)


def a_text(age: timedelta) -> None:
    text = KeptText.objects.create(content={"body": "words"})
    KeptText.objects.filter(pk=text.pk).update(created_at=timezone.now() - age)


def a_link(expires: datetime) -> None:
    reader, digest = UserFactory(), uuid.uuid4().hex
    SecretLink.objects.create(purpose="email", reader=reader, digest=digest, expires_at=expires)


def a_job(**moments: datetime) -> None:
    OutboxJob.objects.create(kind="mail", due_at=timezone.now(), **moments)


def a_trace(age: timedelta) -> None:
    event = record_event("signed_out", reader_id=None, address="192.0.2.1")
    SecurityTrace.objects.filter(event=event).update(created_at=timezone.now() - age)


def a_last_mail(name: str, age: timedelta) -> None:
    now = timezone.now()
    job = OutboxJob.objects.create(kind="mail", group=f"left:{name}", due_at=now)
    OutboxJob.objects.filter(pk=job.pk).update(created_at=now - age)


def a_session(*, expires: datetime, revoked: datetime | None = None) -> Session:
    session = open_session(reader=UserFactory())
    Session.objects.filter(pk=session.pk).update(expires_at=expires, revoked_at=revoked)
    return session


def a_token(name: str, *, expires: datetime, revoked: datetime | None = None) -> None:
    PersonalToken.objects.create(
        reader=UserFactory(), name=name, digest=name, expires_at=expires, revoked_at=revoked
    )


def a_factor(age: timedelta, *, confirmed: bool = False) -> None:
    begun = timezone.now() - age
    SecondFactor.objects.create(
        reader=UserFactory(), created_at=begun, confirmed_at=begun if confirmed else None
    )


def a_challenge(name: str, expires: datetime) -> None:
    SignInChallenge.objects.create(reader=UserFactory(), digest=name, expires_at=expires)


def plant() -> dict[type[Model], list[object]]:
    """Of each kind what has had its time, and what is younger; gives the keys of the latter."""
    now = timezone.now()
    window = timedelta(hours=settings.IDEMPOTENCY_HOURS)
    a_key("young", window - timedelta(minutes=1))
    LimitCounter.objects.create(key="young", n=1, expires_at=now + timedelta(minutes=1))
    a_text(89 * DAY)
    a_link(now - DAY / 2)
    a_job()
    a_job(done_at=now - 6 * DAY)
    a_job(parked_at=now - 89 * DAY)
    a_trace(89 * DAY)
    AdminSession.objects.create(session_key="young", expire_date=now + DAY)
    a_last_mail("young", timedelta(hours=23))
    a_session(expires=now + DAY)
    a_session(expires=now - 29 * DAY)
    a_session(expires=now + DAY, revoked=now - 29 * DAY)
    a_token("expired", expires=now - 29 * DAY)
    a_token("revoked", expires=now + DAY, revoked=now - 29 * DAY)
    a_factor(timedelta(minutes=59))
    a_factor(400 * DAY, confirmed=True)
    a_challenge("waits", now + timedelta(minutes=1))
    young = {model: keys_of(model) for model in KINDS.values()}
    for number in range(3):
        a_key(f"old{number}", window + timedelta(minutes=1))
        LimitCounter.objects.create(key=f"old{number}", n=1, expires_at=now - DAY)
        a_text(91 * DAY)
        SigningKey.objects.create(kid=f"old{number}", sealed_seed="sealed", ends_at=now - DAY)
        a_token(f"old{number}", expires=now + DAY, revoked=now - (31 + number) * DAY)
        a_factor(timedelta(minutes=61))
        a_challenge(f"old{number}", now - timedelta(seconds=1))
        a_link(now - number * DAY - DAY * 1.5)
        a_trace(91 * DAY)
        AdminSession.objects.create(session_key=f"old{number}", expire_date=now - DAY)
        a_last_mail(f"old{number}", timedelta(hours=25))
    SigningKey.objects.create(kid="young", sealed_seed="sealed", ends_at=now + DAY)
    a_job(done_at=now - 8 * DAY)
    a_job(done_at=now - 80 * DAY)
    a_job(parked_at=now - 91 * DAY)
    a_session(expires=now - 31 * DAY)
    a_session(expires=now + DAY, revoked=now - 31 * DAY)
    a_session(expires=now - 32 * DAY, revoked=now - 40 * DAY)
    return young


def keys_of(model: type[Model]) -> list[object]:
    return sorted(model._default_manager.values_list("pk", flat=True))


def test_what_has_had_its_time_is_removed_and_the_rest_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "AT_ONCE", 2)
    young = plant()
    assert tidy() == dict.fromkeys([*KINDS, HALVES], "3 removed") | {LEAVING: "0 removed"}
    assert {model: keys_of(model) for model in KINDS.values()} == young
    assert tidy() == dict.fromkeys([*KINDS, HALVES, LEAVING], "0 removed")
    kept = SigningKey.objects.order_by("pk").values_list("kid", "sealed_seed")
    assert list(kept) == [("old0", ""), ("old1", ""), ("old2", ""), ("young", "sealed")]


def test_a_dry_run_counts_and_removes_nothing() -> None:
    plant()
    before = {model: keys_of(model) for model in KINDS.values()}
    expected = dict.fromkeys([*KINDS, HALVES], "3 to remove") | {LEAVING: "0 to remove"}
    assert tidy("--dry-run") == expected
    assert {model: keys_of(model) for model in KINDS.values()} == before


def test_sessions_go_in_batches() -> None:
    young = plant()[Session]
    assert forget_ended_sessions(at_once=1) == 3
    assert keys_of(Session) == young


def test_who_is_signed_in_stays_so() -> None:
    client = ApiClient(UserFactory())
    assert client.get("users/me/").status_code == 200
    tidy()
    assert client.get("users/me/").status_code == 200
