"""Sessions: rotation, what a replay does, and the many ways a session ends at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import services, sessions
from accounts.models import SecurityEvent, Session
from accounts.tests.factories import SessionFactory, UserFactory
from accounts.tokens import issue_pair
from bookbridge.kernel.models import OutboxJob

pytestmark = pytest.mark.django_db
AUTH = "/api/v1/auth/"
PairOf = Callable[..., dict[str, Any]]


def refresh(token: str, **extra: Any) -> Any:
    return APIClient().post(f"{AUTH}token/refresh/", {"refresh": token}, **extra)


def verify(token: str) -> tuple[int, Any]:
    response = APIClient().post(f"{AUTH}token/verify/", {"token": token})
    return response.status_code, response.json().get("code")


def me(access: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {access}"}
    response = APIClient().get("/api/v1/users/me/", headers=headers)
    return response.status_code, response.json().get("code")


def all_at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What acts gave that began together, each on a connection of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(60)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def at_once(number: int, act: Callable[[], Any]) -> list[Any]:
    return all_at_once([act] * number)


def test_a_refresh_token_buys_a_new_pair(pair_of: PairOf) -> None:
    pair = pair_of(UserFactory())
    response = refresh(pair["refresh"], headers={"Authorization": "Bearer rubbish"})
    assert response.status_code == 200
    new = response.json()
    assert set(new) == {"access", "refresh", "token_type", "expires_in"}
    assert new["refresh"] != pair["refresh"]
    assert response["Cache-Control"] == "no-store"
    assert me(new["access"]) == me(pair["access"]) == (200, None)
    assert Session.objects.count() == 1


def test_refreshing_keeps_a_session_alive_and_silence_ends_it(pair_of: PairOf) -> None:
    pair = pair_of(UserFactory())
    start = timezone.now()
    for day in (10, 20, 30):
        with time_machine.travel(start + timedelta(days=day)):
            pair = refresh(pair["refresh"]).json()
            assert me(pair["access"]) == (200, None)
    with time_machine.travel(start + timedelta(days=45)):
        response = refresh(pair["refresh"])
        assert (response.status_code, response.json()["code"]) == (401, "token_expired")
        assert me(pair["access"]) == (401, "token_expired")


def test_an_access_token_lasts_ten_minutes(pair_of: PairOf) -> None:
    access = pair_of(UserFactory())["access"]
    now = timezone.now()
    with time_machine.travel(now + timedelta(seconds=590)):
        assert me(access) == (200, None)
    with time_machine.travel(now + timedelta(seconds=632)):
        assert me(access) == (401, "token_expired")


def test_a_replayed_refresh_token_ends_the_session_and_its_successor(
    pair_of: PairOf, caplog: pytest.LogCaptureFixture
) -> None:
    reader = UserFactory()
    other = pair_of(reader)
    old = pair_of(reader)
    new = refresh(old["refresh"]).json()
    with caplog.at_level(logging.WARNING, "bookbridge.security"):
        replayed = refresh(old["refresh"])
    assert (replayed.status_code, replayed.json()["code"]) == (401, "session_ended")
    for token in (old["access"], new["access"]):
        assert me(token) == (401, "session_ended")
    assert refresh(new["refresh"]).status_code == 401
    assert me(other["access"]) == (200, None)
    ended = Session.objects.get(revoked_at__isnull=False)
    assert ended.revoked_reason == "refresh_token_replayed"
    record = next(record for record in caplog.records if record.name == "bookbridge.security")
    assert record.message == "refresh_token_replayed"
    assert record.fields["reader_id"] == reader.pk
    assert old["refresh"] not in str(record.fields)


def test_a_token_of_an_ended_session_makes_no_second_alarm(
    pair_of: PairOf, caplog: pytest.LogCaptureFixture
) -> None:
    pair = pair_of(UserFactory())
    services.sign_out(session=Session.objects.get())
    assert refresh(pair["refresh"]).json()["code"] == "session_ended"
    assert "refresh_token_replayed" not in caplog.text
    assert Session.objects.get().revoked_reason == "signed_out"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_sixteen_uses_at_once_exactly_one_succeeds_twenty_times(pair_of: PairOf) -> None:
    for number in range(1, 21):
        token = pair_of(UserFactory())["refresh"]
        answers = at_once(16, lambda token=token: refresh(token))
        good = [answer for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
        # The others used it after the first: whoever got the successor is out as well.
        assert me(good[0].json()["access"]) == (401, "session_ended")
        assert refresh(good[0].json()["refresh"]).status_code == 401
        # Fifteen replays are one alarm.
        assert SecurityEvent.objects.filter(kind="refresh_token_replayed").count() == number
        assert OutboxJob.objects.count() == number


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_ends_a_session_while_it_is_refreshed_ends_the_successor_too(
    pair_of: PairOf,
) -> None:
    for _ in range(20):
        reader = UserFactory()
        pair = pair_of(reader)
        acts = [
            lambda reader=reader: sessions.end_everything(reader, reason="test"),
            lambda pair=pair: refresh(pair["refresh"]),
        ]
        _nothing, answer = all_at_once(acts)
        assert answer.status_code in (200, 401)
        if answer.status_code == 200:
            assert me(answer.json()["access"]) == (401, "session_ended")
            assert refresh(answer.json()["refresh"]).status_code == 401
        assert Session.objects.get(reader=reader).revoked_reason == "test"


def test_sign_out_ends_the_session_at_once(
    as_reader: Callable[..., APIClient], pair_of: PairOf
) -> None:
    reader = UserFactory()
    other = pair_of(reader)
    session = services.open_session(reader=reader)
    pair = issue_pair(reader, session)
    client = as_reader(reader, session)
    response = client.post(f"{AUTH}logout/", {"refresh": pair["refresh"]})
    assert (response.status_code, response.content) == (204, b"")
    assert response["Cache-Control"] == "no-store"
    assert me(pair["access"]) == (401, "session_ended")
    assert refresh(pair["refresh"]).json()["code"] == "session_ended"
    assert verify(pair["access"]) == (401, "session_ended")
    assert verify(pair["refresh"]) == (401, "session_ended")
    assert client.post(f"{AUTH}logout/").status_code == 401
    assert me(other["access"]) == (200, None)


def test_sign_out_takes_a_second_session_of_ones_own_along_but_nobody_elses(
    as_reader: Callable[..., APIClient], pair_of: PairOf
) -> None:
    reader, stranger = UserFactory(), UserFactory()
    mine, theirs = pair_of(reader), pair_of(stranger)
    for token in (mine["refresh"], theirs["refresh"], "rubbish"):
        assert as_reader(reader).post(f"{AUTH}logout/", {"refresh": token}).status_code == 204
    assert me(mine["access"]) == (401, "session_ended")
    assert me(theirs["access"]) == (200, None)


def test_sign_out_needs_a_token_and_a_body_of_its_form(
    visitor: APIClient, as_reader: Callable[..., APIClient]
) -> None:
    assert visitor.post(f"{AUTH}logout/").status_code == 401
    assert as_reader(UserFactory()).post(f"{AUTH}logout/", {"all": True}).status_code == 400


def test_verify_says_whether_a_token_is_good_now(pair_of: PairOf) -> None:
    pair = pair_of(UserFactory())
    response = APIClient().post(f"{AUTH}token/verify/", {"token": pair["access"]})
    assert (response.status_code, response.json()) == (200, {})
    assert response["Cache-Control"] == "no-store"
    assert verify(pair["refresh"]) == (200, None)
    refresh(pair["refresh"])
    assert verify(pair["refresh"]) == (401, "session_ended")
    assert verify(pair["access"]) == (200, None)  # looking at a used token ends nothing
    assert APIClient().post(f"{AUTH}token/verify/", {}).status_code == 400


def test_suspension_is_obeyed_by_the_next_request_and_passes(pair_of: PairOf) -> None:
    reader, moderator = UserFactory(), UserFactory(moderator=True)
    pair = pair_of(reader)
    until = timezone.now() + timedelta(minutes=5)
    services.suspend_reader(reader=reader, by=moderator, reason="Spam.", until=until)
    headers = {"Authorization": f"Bearer {pair['access']}"}
    data = APIClient().get("/api/v1/users/", headers=headers).json()
    assert data["code"] == "account_suspended"
    assert data["until"] == until.isoformat().replace("+00:00", "Z")
    assert refresh(pair["refresh"]).json()["code"] == "account_suspended"
    assert verify(pair["access"]) == (401, "account_suspended")
    with time_machine.travel(until + timedelta(seconds=1)):
        assert me(pair["access"]) == (401, "session_ended")
        assert refresh(pair["refresh"]).json()["code"] == "session_ended"
        assert me(pair_of(reader)["access"]) == (200, None)


def test_reinstating_lets_a_reader_in_again(pair_of: PairOf) -> None:
    reader, moderator = UserFactory(), UserFactory(moderator=True)
    access = pair_of(reader)["access"]
    services.suspend_reader(reader=reader, by=moderator, reason="Spam.")
    assert me(access) == (401, "account_suspended")
    services.reinstate_reader(reader=reader, by=moderator)
    assert me(access) == (401, "session_ended")
    assert me(pair_of(reader)["access"]) == (200, None)


def test_a_token_of_an_erased_reader_is_refused_even_with_a_session() -> None:
    reader = UserFactory(erased=True)
    pair = issue_pair(reader, SessionFactory(reader=reader))
    assert me(pair["access"]) == (401, "session_ended")
    assert refresh(pair["refresh"]).json()["code"] == "session_ended"


def test_who_is_asking_costs_one_query(
    as_reader: Callable[..., APIClient], django_assert_num_queries: Any
) -> None:
    client = as_reader(UserFactory())
    with django_assert_num_queries(1):
        assert client.get("/api/v1/users/?nonsense=1").status_code == 400
