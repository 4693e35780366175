"""One's sessions as a list, ending one, ending everything, and what then dies at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services, sessions
from accounts.models import Session
from accounts.security.models import SecurityEvent
from accounts.tests.factories import PASSWORD, SessionFactory, UserFactory
from accounts.tokens import access_token_for, issue_pair
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db


def refresh(token: str) -> Any:
    return ApiClient().post("auth/token/refresh/", {"refresh": token})


def with_pair(reader: Any) -> tuple[ApiClient, str]:
    """A client of a new session, and its refresh token."""
    session = services.open_session(reader=reader)
    pair = issue_pair(reader, session)
    return ApiClient(Authorization=f"Bearer {pair['access']}"), pair["refresh"]


def test_the_list_says_what_helps_to_recognise_a_session() -> None:
    reader = UserFactory()
    old = services.open_session(
        reader=reader, user_agent="Ana's phone", address="2001:db8:1:2:3:4:5:6"
    )
    client = ApiClient(reader)
    services.open_session(reader=UserFactory(), user_agent="somebody else")
    answer = client.get("auth/sessions/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "ETag" not in answer
    here, phone = answer.json()["results"]
    assert set(here) == {
        *("id", "current", "device", "address", "created_at", "last_used_at", "expires_at")
    }
    assert (here["current"], here["device"]) == (True, "tests")
    assert (phone["current"], phone["device"]) == (False, "Ana's phone")
    assert phone["address"] == "2001:db8:1::/48"
    text = answer.content.decode()
    assert str(old.uid) not in text
    assert old.refresh_jti not in text


def test_sessions_that_ended_are_not_shown() -> None:
    reader = UserFactory()
    SessionFactory(reader=reader, expires_at=timezone.now() - timedelta(seconds=1))
    sessions.revoke(session=SessionFactory(reader=reader), reason="signed_out")
    assert len(ApiClient(reader).get("auth/sessions/").json()["results"]) == 1


def test_many_sessions_come_in_pages() -> None:
    reader = UserFactory()
    for _ in range(4):
        services.open_session(reader=reader)
    client = ApiClient(reader)
    seen, path = [], "auth/sessions/?page_size=2"
    while path:
        page = client.get(path).json()
        seen += [row["id"] for row in page["results"]]
        path = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_refreshing_moves_last_used_and_reading_does_not() -> None:
    reader = UserFactory()
    client, token = with_pair(reader)
    Session.objects.update(last_used_at=timezone.now() - timedelta(days=3))
    before = client.get("auth/sessions/").json()["results"][0]["last_used_at"]
    assert client.get("auth/sessions/").json()["results"][0]["last_used_at"] == before
    assert refresh(token).status_code == 200
    assert client.get("auth/sessions/").json()["results"][0]["last_used_at"] > before


def test_one_session_ends_and_the_others_go_on() -> None:
    reader = UserFactory()
    lost, token = with_pair(reader)
    client = ApiClient(reader)
    key = next(r["id"] for r in client.get("auth/sessions/").json()["results"] if not r["current"])
    assert client.delete(f"auth/sessions/{key}/").status_code == 204
    assert lost.get("users/me/").json()["code"] == "session_ended"
    assert refresh(token).json()["code"] == "session_ended"
    assert client.get("users/me/").status_code == 200
    assert client.delete(f"auth/sessions/{key}/").status_code == 404  # it is not there any more
    event = SecurityEvent.objects.get(kind="session_ended")
    assert event.reader_id == reader.pk
    assert event.trace.user_agent == ""


def test_the_present_session_may_be_the_one() -> None:
    client = ApiClient(UserFactory())
    assert client.delete(f"auth/sessions/{client.session.pk}/").status_code == 204
    assert client.get("auth/sessions/").status_code == 401


def test_sessions_of_others_are_not_there() -> None:
    theirs = ApiClient(UserFactory())
    client = ApiClient(UserFactory())
    for key in (theirs.session.pk, 999_999, 2**70):
        assert client.delete(f"auth/sessions/{key}/").status_code == 404
    assert theirs.get("users/me/").status_code == 200


def in_admin(username: str) -> Client:
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": username, "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    return client


def test_signing_out_everywhere_ends_everything_of_one_reader() -> None:
    judge = UserFactory(username="judge", moderator=True)
    other = UserFactory(username="other", moderator=True)
    (first, first_refresh), (second, second_refresh) = with_pair(judge), with_pair(judge)
    pages, others, theirs = in_admin("judge"), in_admin("other"), ApiClient(other)
    answer = first.post("auth/logout-all/")
    assert (answer.status_code, answer.content) == (204, b"")
    for client in (first, second):
        assert client.get("users/me/").json()["code"] == "session_ended"
    for token in (first_refresh, second_refresh):
        assert refresh(token).json()["code"] == "session_ended"
    assert pages.get("/admin/").status_code == 302
    assert pages.get("/admin/accounts/user/").status_code == 302
    assert theirs.get("users/me/").status_code == 200
    assert others.get("/admin/").status_code == 200
    reasons = Session.objects.filter(reader=judge).values_list("revoked_reason", flat=True)
    assert set(reasons) == {"signed_out_everywhere"}
    assert SecurityEvent.objects.get(kind="signed_out_everywhere").reader_id == judge.pk
    assert in_admin("judge")  # who knows the password comes in again


def test_one_session_may_be_kept() -> None:
    reader = UserFactory()
    kept, gone = ApiClient(reader), ApiClient(reader)
    sessions.end_everything(reader, reason="password_changed", keep=kept.session)
    assert kept.get("users/me/").status_code == 200
    assert gone.get("users/me/").status_code == 401


def test_other_modules_end_what_they_know_of(settings: Any, monkeypatch: Any) -> None:
    told: list[tuple[Any, str]] = []
    ending = SimpleNamespace(end_all=lambda reader, reason: told.append((reader, reason)))
    monkeypatch.setitem(sys.modules, "an_ending", ending)
    settings.ACCOUNT_ENDINGS = ["an_ending"]
    reader = UserFactory()
    sessions.end_everything(reader, reason="suspended")
    assert told == [(reader, "suspended")]


def test_what_ends_ends_together_or_not_at_all(settings: Any, monkeypatch: Any) -> None:
    def fail(reader: Any, reason: str) -> None:
        raise RuntimeError("cannot")

    monkeypatch.setitem(sys.modules, "an_ending", SimpleNamespace(end_all=fail))
    settings.ACCOUNT_ENDINGS = ["an_ending"]
    client = ApiClient(UserFactory())
    with pytest.raises(RuntimeError):
        sessions.end_everything(client.reader, reason="suspended")
    assert client.get("users/me/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_replay_is_on_record_and_mailed_once(pair_of: Callable[..., dict[str, Any]]) -> None:
    reader = UserFactory()
    session = services.open_session(reader=reader, user_agent="Ana's phone")
    stolen = issue_pair(reader, session)["refresh"]
    assert refresh(stolen).status_code == 200
    for _ in range(3):
        assert refresh(stolen).json()["code"] == "session_ended"
    event = SecurityEvent.objects.get(kind="refresh_token_replayed")
    assert (event.reader_id, event.details) == (reader.pk, {"session": str(session.uid)})
    job = OutboxJob.objects.get(kind="mail")
    payload = json.loads(unseal(job.sealed_payload))
    assert (job.reader_id, payload["text"]) == (reader.pk, "refresh_token_replayed")
    assert payload["context"]["device"] == "Ana's phone"
    assert payload["context"]["session_created"].endswith("Z")
    assert stolen not in str(event.details)


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_cannot_be_written_keeps_no_session_alive(
    monkeypatch: pytest.MonkeyPatch, pair_of: Callable[..., dict[str, Any]]
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no outbox")

    monkeypatch.setattr("accounts.sessions.mail.send", broken)
    pair = pair_of(UserFactory())
    refresh(pair["refresh"])
    assert refresh(pair["refresh"]).status_code == 401
    assert Session.objects.get().revoked_reason == "refresh_token_replayed"
    assert SecurityEvent.objects.filter(kind="refresh_token_replayed").count() == 1


def test_the_state_is_asked_each_time_and_the_signature_once(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    reader = UserFactory()
    token = access_token_for(reader, services.open_session(reader=reader))
    client = ApiClient(Authorization=f"Bearer {token}")
    assert client.get("users/?nonsense=1").status_code == 400
    monkeypatch.setattr("accounts.tokens.jwt.decode", None)
    with django_assert_num_queries(1):
        assert client.get("users/?nonsense=1").status_code == 400
    sessions.end_everything(reader, reason="test")
    assert client.get("users/?nonsense=1").json()["code"] == "session_ended"
