"""A POST that is sent twice happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from bookbridge.kernel import idempotency
from bookbridge.kernel.errors import DomainError, InvalidInput, KeyReused
from bookbridge.kernel.idempotency import forget, purge_expired, run_once
from bookbridge.kernel.models import IdempotencyKey, LimitCounter
from bookbridge.kernel.rendering import to_json
from bookbridge.kernel.responses import Answer


class Act:
    """Something that happens: each call leaves a row and answers with its number."""

    def __init__(self, status: int = 201, data: Any = None) -> None:
        self.calls, self.status, self.data = 0, status, data

    def __call__(self) -> Answer:
        self.calls += 1
        LimitCounter.objects.create(key=uuid4().hex, n=1, expires_at=timezone.now())
        data = {"number": self.calls, "title": "é", "secret": "s3"} | (self.data or {})
        response = Answer(data if self.status != 204 else None, status=self.status, version=3)
        response["Location"] = f"http://testserver/things/{self.calls}/"
        return response


def post(reader: Any, key: str | None = "key-1", body: Any = None, path: str = "/x/") -> Request:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    body = {"a": 1, "b": [2]} if body is None else body
    plain = APIRequestFactory().post(path, body, format="json", **headers)
    request = Request(plain, parsers=[JSONParser()])
    request.user = reader
    return request


def effects() -> int:
    return LimitCounter.objects.count()


def test_without_a_key_each_request_happens(reader: Any) -> None:
    act = Act()
    for _ in range(2):
        run_once(post(reader, None), act)
    assert (act.calls, effects()) == (2, 2)
    assert not IdempotencyKey.objects.exists()


def test_the_second_request_gets_the_first_answer(reader: Any) -> None:
    act = Act()
    first = run_once(post(reader), act)
    second = run_once(post(reader, body={"b": [2], "a": 1}), act)
    assert (act.calls, effects()) == (1, 1)
    assert second.status_code == first.status_code == 201
    assert to_json(second.data) == to_json(first.data)
    assert second["Location"] == first["Location"]
    assert second.version == first.version == 3
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def test_an_answer_without_content_is_replayed_without_content(reader: Any) -> None:
    act = Act(status=204)
    run_once(post(reader), act)
    replayed = run_once(post(reader), act)
    assert (replayed.status_code, replayed.data, act.calls) == (204, None, 1)


def test_another_body_is_refused(reader: Any) -> None:
    act = Act()
    run_once(post(reader), act)
    for body in ({"a": 2, "b": [2]}, {"a": "1", "b": [2]}, {}):
        with pytest.raises(KeyReused) as caught:
            run_once(post(reader, body=body), act)
        assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")
    assert act.calls == 1


def test_another_reader_path_or_key_is_another_request(reader: Any) -> None:
    act, other = Act(), get_user_model().objects.create(username="ben")
    for request in (post(reader), post(other), post(reader, path="/y/"), post(reader, "key-2")):
        run_once(request, act)
    assert act.calls == 4


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 256, "a\tb", "\x7f"])
def test_a_malformed_key_is_refused(reader: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        run_once(post(reader, key), Act())
    assert (caught.value.status, caught.value.code) == (400, "invalid_idempotency_key")


def test_the_longest_key_and_a_long_path_fit(reader: Any) -> None:
    act = Act()
    for _ in range(2):
        run_once(post(reader, "~" * 255, path="/" + "x" * 4_000 + "/"), act)
    assert act.calls == 1


@pytest.mark.parametrize("status", [302, 400, 409, 503])
def test_an_answer_that_is_no_success_leaves_nothing_and_frees_the_key(
    reader: Any, status: int
) -> None:
    failing = Act(status=status)
    assert run_once(post(reader), failing).status_code == status
    assert effects() == 0
    act = Act()
    assert run_once(post(reader, body={"other": 1}), act).status_code == 201
    assert act.calls == 1


def test_an_error_leaves_nothing_and_frees_the_key(reader: Any) -> None:
    def failing() -> Answer:
        Act()()
        raise DomainError("full", "club_full")

    with pytest.raises(DomainError) as caught:
        run_once(post(reader), failing)
    assert caught.value.code == "club_full"
    assert effects() == 0
    assert run_once(post(reader), Act()).status_code == 201


def test_secrets_are_shown_once(reader: Any) -> None:
    act = Act()
    first = run_once(post(reader), act, secret_fields=("secret", "absent"))
    second = run_once(post(reader), act, secret_fields=("secret", "absent"))
    assert first.data["secret"] == "s3"
    assert second.data == first.data | {"secret": None}
    assert "s3" not in IdempotencyKey.objects.get().body


def test_no_secret_of_a_path_is_kept(reader: Any) -> None:
    run_once(post(reader, path="/api/v1/invitations/very-secret/"), Act())
    row = IdempotencyKey.objects.values().get()
    assert not any("very-secret" in str(value) for value in row.values())


def test_after_the_window_the_key_is_new(reader: Any) -> None:
    act = Act()
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False) as clock:
        run_once(post(reader), act)
        clock.shift(timedelta(hours=23, minutes=59))
        assert "Idempotency-Replayed" in run_once(post(reader), act)
        clock.shift(timedelta(minutes=2))
        answer = run_once(post(reader, body={"another": True}), act)
    assert (act.calls, answer.data["number"]) == (2, 2)
    assert IdempotencyKey.objects.count() == 1


def test_old_answers_are_purged_a_few_at_a_time(
    reader: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    with time_machine.travel("2026-11-20T12:00:00Z"):
        for number in range(3):
            run_once(post(reader, f"key-{number}"), Act())
    with time_machine.travel("2026-11-21T12:00:01Z"):
        assert purge_expired(at_most=1) == 1
        monkeypatch.setattr("bookbridge.kernel.idempotency.PURGE_CHANCE", 1)
        with django_capture_on_commit_callbacks(execute=True):
            run_once(post(reader, "new"), Act())
    assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]


def test_a_reader_who_leaves_is_forgotten(reader: Any) -> None:
    run_once(post(reader), Act())
    forget(reader.pk)
    assert not IdempotencyKey.objects.exists()


def refuse() -> Answer:
    raise DomainError("It is there already.", "already_there")


@pytest.mark.parametrize("second", [refuse, Act(), Act(status=409)], ids=["error", "act", "answer"])
def test_who_looked_before_the_first_one_ended_gets_its_answer(
    reader: Any, monkeypatch: pytest.MonkeyPatch, second: Callable[[], Answer]
) -> None:
    first, look = run_once(post(reader), Act()), idempotency._kept_for
    looks = iter([lambda _identity: None, look])
    monkeypatch.setattr(idempotency, "_kept_for", lambda identity: next(looks)(identity))
    answer = run_once(post(reader), second)
    assert (answer.status_code, answer["Idempotency-Replayed"]) == (201, "true")
    assert to_json(answer.data) == to_json(first.data)
    assert effects() == 1


def test_who_looked_too_early_with_another_body_is_told(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_once(post(reader), Act())
    looks = iter([lambda _identity: None, idempotency._kept_for])
    monkeypatch.setattr(idempotency, "_kept_for", lambda identity: next(looks)(identity))
    with pytest.raises(KeyReused):
        run_once(post(reader, body={"a": 2}), Act())
    assert effects() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_told_to_wait() -> None:
    reader = get_user_model().objects.create(username="ana")
    act, under_way, go_on = Act(), threading.Event(), threading.Event()

    def slow() -> Answer:
        under_way.set()
        go_on.wait(10)
        return act()

    first = in_thread(lambda: run_once(post(reader), slow))
    assert under_way.wait(10)
    with pytest.raises(DomainError) as caught:
        run_once(post(reader), act)
    assert (caught.value.status, caught.value.code) == (409, "request_in_progress")
    assert caught.value.retry_after == 1
    assert run_once(post(reader, "another"), Act()).status_code == 201
    go_on.set()
    first.join()
    assert "Idempotency-Replayed" in run_once(post(reader), act)
    assert act.calls == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_happen_once() -> None:
    reader = get_user_model().objects.create(username="ana")
    act, start = Act(), threading.Barrier(20, timeout=30)
    statuses: list[int] = []

    def one() -> None:
        start.wait()
        try:
            statuses.append(run_once(post(reader), act).status_code)
        except DomainError as error:
            statuses.append(error.status)

    for thread in [in_thread(one) for _ in range(20)]:
        thread.join()
    assert len(statuses) == 20
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    # Who took the lock just when the first one ended acted too, and was undone.
    assert (effects(), IdempotencyKey.objects.count()) == (1, 1)


def in_thread(act: Callable[[], Any]) -> threading.Thread:
    def worker() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    return thread
