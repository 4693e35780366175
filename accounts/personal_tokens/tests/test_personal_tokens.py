"""Personal tokens: made once in a fresh session, used by scripts, ended at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts import mail, privacy
from accounts.models import PersonalToken, SecurityEvent, Session, User
from accounts.personal_tokens import form, reading, services
from accounts.personal_tokens.tests.factors import in_days, script, token_of
from accounts.second_factor.tests.factors import told
from accounts.tests.factories import UserFactory
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.redaction import redact
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
URL = "users/me/tokens/"


def new(client: ApiClient, **changes: Any) -> Any:
    body = {"name": "Backup", "scopes": ["read"], "expires_at": in_days(30), **changes}
    return client.post(URL, body)


def test_a_token_is_made_shown_once_used_listed_and_revoked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(mail, "send", lambda text, **rest: sent.append((text, rest["context"])))
    reader = UserFactory(username="ana")
    client = ApiClient(reader)
    made = new(client, scopes=["write"])
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    body = made.json()
    token = body.pop("token")
    assert body["scopes"] == ["read", "write"]
    assert token.startswith(body["beginning"])
    assert made["Location"].endswith(f"/api/v1/users/me/tokens/{body['id']}/")
    assert client.get(URL).json() == {"results": [body]}
    assert script(token).get("users/me/").json()["username"] == "ana"
    used = client.get(URL).json()["results"][0]
    assert used["last_used_at"] is not None
    assert used["last_used_address_prefix"] == "127.0.0.0/24"
    assert client.delete(f"{URL}{body['id']}/").status_code == 204
    assert told(script(token).get("users/me/")) == (401, "invalid_token")
    assert told(client.delete(f"{URL}{body['id']}/")) == (404, "not_found")
    assert client.get(URL).json() == {"results": []}
    assert sent == [
        ("personal_token_created", {"name": "Backup", "scopes": ["read", "write"]}),
    ]
    kinds = SecurityEvent.objects.filter(reader=reader).values_list("kind", flat=True)
    assert {"personal_token_created", "personal_token_revoked"} <= set(kinds)


def test_only_the_digest_is_kept_and_nothing_of_it_is_exported() -> None:
    reader = UserFactory()
    row, token = token_of(reader, "read", "write")
    columns = str(PersonalToken.objects.values().get())
    assert token not in columns
    assert token[8:20] not in columns
    said = str(privacy.export(reader)["accounts"]["personal_tokens"])
    assert "'scopes': ['read', 'write']" in said
    assert row.digest not in said
    assert row.beginning not in said
    privacy.erase(reader)
    assert not PersonalToken.objects.exists()
    assert told(script(token).get("users/me/")) == (401, "invalid_token")


def test_a_token_can_be_recognised_and_a_mistyped_one_costs_no_query(
    django_assert_num_queries: Any,
) -> None:
    token = form.new_token()
    assert len(token) == 52
    assert form.is_wellformed(token)
    for wrong in (token[:-1], token + "0", token[:-1] + ("1" if token[-1] == "0" else "0")):
        assert not form.is_wellformed(wrong)
        with django_assert_num_queries(0):
            assert told(script(wrong).get("books/")) == (401, "invalid_token")
    # The check value of CRC-32, 0xCBF43926, in base 62.
    assert form.checksum("123456789") == "3jZRME"


def test_a_request_costs_one_query_for_token_and_reader(django_assert_num_queries: Any) -> None:
    _row, token = token_of(UserFactory())
    reading.read_personal_token(token)
    with django_assert_num_queries(1):
        access = reading.read_personal_token(token)
        assert access.reader.username


def test_the_last_use_is_written_once_a_minute(django_assert_num_queries: Any) -> None:
    row, token = token_of(UserFactory())
    client = script(token)
    client.get("books/")
    row.refresh_from_db()
    first = row.last_used_at
    client.get("books/")
    row.refresh_from_db()
    assert row.last_used_at == first
    an_hour_ago = timezone.now() - timedelta(hours=1)
    PersonalToken.objects.update(last_used_at=an_hour_ago)
    client.get("books/")
    row.refresh_from_db()
    assert row.last_used_at > first


def test_a_use_that_cannot_be_noted_is_no_reason_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _row, token = token_of(UserFactory())

    def fail(*args: Any) -> str:
        raise DatabaseError("locked")

    monkeypatch.setattr(reading, "address_prefix", fail)
    assert script(token).get("users/me/").status_code == 200


def test_expired_revoked_and_unknown_tokens_are_alike() -> None:
    reader = UserFactory()
    _row, expired = token_of(reader, expires_at=timezone.now())
    row, revoked = token_of(reader)
    PersonalToken.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    answers = [script(token).get("books/") for token in (expired, revoked, form.new_token())]
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert bodies[0] == bodies[1] == bodies[2]
    challenges = {answer["WWW-Authenticate"] for answer in answers}
    assert challenges == {'Bearer realm="bookbridge", error="invalid_token"'}


def test_a_suspension_refuses_tokens_while_it_lasts() -> None:
    reader = UserFactory()
    _row, token = token_of(reader)
    User.objects.filter(pk=reader.pk).update(suspended_at=timezone.now())
    services.end_all(reader, "suspended")
    assert told(script(token).get("books/")) == (401, "account_suspended")
    User.objects.filter(pk=reader.pk).update(suspended_at=None)
    assert script(token).get("books/").status_code == 200


@pytest.mark.parametrize("reason", ["password_changed", "password_reset", "everywhere", "erased"])
def test_everything_ends_with_the_tokens(reason: str) -> None:
    reader, other = UserFactory(), UserFactory()
    _row, token = token_of(reader)
    _row, of_other = token_of(other)
    services.end_all(reader, reason)
    assert told(script(token).get("books/")) == (401, "invalid_token")
    assert script(of_other).get("books/").status_code == 200


def test_making_one_needs_a_recent_sign_in() -> None:
    client = ApiClient(UserFactory())
    then = timezone.now() - timedelta(minutes=6)
    Session.objects.filter(pk=client.session.pk).update(created_at=then)
    assert told(new(client)) == (403, "reauthenticate")


def test_a_token_makes_no_token_and_sees_none() -> None:
    _row, token = token_of(UserFactory(), "read", "write", "moderate")
    assert told(new(script(token))) == (403, "session_required")
    assert told(script(token).get(URL)) == (403, "session_required")
    assert told(script(token).delete(f"{URL}1/")) == (403, "session_required")
    assert PersonalToken.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"expires_at": in_days(-1)}, "/expires_at", "in_the_past"),
        ({"expires_at": in_days(367)}, "/expires_at", "too_far"),
        ({"expires_at": None}, "/expires_at", "null"),
        ({"scopes": []}, "/scopes", "min_length"),
        ({"scopes": ["admin"]}, "/scopes/0", "invalid_choice"),
        ({"scopes": "read"}, "/scopes", "not_a_list"),
        ({"name": " "}, "/name", "blank"),
        ({"token": "bb_chosen"}, "/token", "read_only"),
        ({"owner": 1}, "/owner", "unknown_field"),
    ],
)
def test_what_is_wrong_is_refused(changes: dict[str, Any], pointer: str, code: str) -> None:
    answer = new(ApiClient(UserFactory()), **changes)
    assert answer.status_code == 400
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        (pointer, code)
    ]


def test_only_staff_gives_the_scope_of_staff() -> None:
    assert told(new(ApiClient(UserFactory()), scopes=["moderate"])) == (403, "moderators_only")
    made = new(ApiClient(UserFactory(moderator=True)), scopes=["moderate"])
    assert made.json()["scopes"] == ["read", "moderate"]


def test_a_replayed_answer_holds_no_token() -> None:
    client = ApiClient(UserFactory())
    headers = {"Idempotency-Key": "one"}
    body = {"name": "Backup", "scopes": ["read"], "expires_at": in_days(30)}
    first, again = (client.post(URL, body, headers=headers) for _n in range(2))
    assert first.json()["token"]
    assert again.json() == {**first.json(), "token": None}
    assert again["Idempotency-Replayed"] == "true"
    assert PersonalToken.objects.count() == 1


def test_tokens_of_others_are_not_there() -> None:
    row, token = token_of(UserFactory())
    assert told(ApiClient(UserFactory()).delete(f"{URL}{row.pk}/")) == (404, "not_found")
    assert script(token).get("books/").status_code == 200


def test_nobody_has_more_than_the_setting_says(settings: Any) -> None:
    settings.PERSONAL_TOKENS_AT_MOST = 2
    reader = UserFactory()
    client = ApiClient(reader)
    token_of(reader, expires_at=timezone.now())  # an expired one does not count
    assert [new(client).status_code for _n in range(3)] == [201, 201, 409]
    assert new(client).json()["code"] == "too_many_tokens"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nobody_has_more_by_asking_at_once(settings: Any) -> None:
    settings.PERSONAL_TOKENS_AT_MOST = 3
    reader = UserFactory()
    clients = [ApiClient(reader) for _n in range(8)]
    statuses: list[int] = []
    start = threading.Barrier(len(clients))

    def make(client: ApiClient) -> None:
        try:
            start.wait()
            statuses.append(new(client).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 3 + [409] * 5


def test_a_session_that_ended_meanwhile_makes_no_token() -> None:
    client = ApiClient(UserFactory())
    session = Session.objects.get(pk=client.session.pk)
    Session.objects.update(revoked_at=timezone.now())
    with pytest.raises(Unauthenticated) as refusal:
        services.create_token(
            reader=session.reader,
            session=session,
            name="x",
            scopes=["read"],
            expires_at=timezone.now() + timedelta(days=1),
        )
    assert refusal.value.code == "session_ended"


def test_verify_knows_personal_tokens() -> None:
    _row, token = token_of(UserFactory())
    assert ApiClient().post("auth/token/verify/", {"token": token}).status_code == 200
    answer = ApiClient().post("auth/token/verify/", {"token": form.new_token()})
    assert answer.status_code == 401


def test_tokens_stay_out_of_logs(caplog: pytest.LogCaptureFixture) -> None:
    row, token = token_of(UserFactory())
    caplog.set_level("DEBUG")
    script(token).get("users/me/")
    script(form.new_token()).get(f"reviews/?search={token}")
    logged = caplog.text + str([vars(record).get("fields") for record in caplog.records])
    assert token not in logged
    assert row.beginning[3:] not in logged
    for text in (f"GET /x?{token}", f"token {token}.", f"'{token.lower()}'"):
        assert token[3:20].lower() not in redact(text).lower()
    assert redact("bb_ is a prefix") == "bb_ is a prefix"
