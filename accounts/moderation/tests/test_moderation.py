"""Suspending over HTTP, and a record that nobody rewrites."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from accounts.final import RecordIsFinal
from accounts.models import ModerationRecord, Notice
from accounts.moderation.notices import MESSAGES, notify
from accounts.moderation.records import keep_record
from accounts.services import warn_reader
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge() -> Any:
    return UserFactory(username="judge", moderator=True)


def a_record(judge: Any) -> ModerationRecord:
    return keep_record(by=judge, verb="warn_reader", target=("reader", judge.pk), reason="x")


def test_a_suspension_shuts_out_and_ends(api: Any, judge: Any) -> None:
    ana = UserFactory(username="ana")
    client = api(ana)
    body = {"reason": "Advertising.", "until": "2999-01-01T00:00:00+01:00"}
    answer = api(judge).post("users/ana/suspend/", body)
    assert answer.status_code == 200
    assert answer.json()["suspended_until"] == "2998-12-31T23:00:00Z"
    assert client.get("users/me/").json()["code"] == "account_suspended"
    signed = api().post("auth/token/", {"login": "ana", "password": PASSWORD})
    assert (signed.status_code, signed.json()["reason"]) == (401, "Advertising.")
    ended = api(judge).post("users/ana/reinstate/", {"reason": "It was a mistake."})
    assert (ended.status_code, ended.json()["suspended_at"]) == (200, None)
    assert client.get("users/me/").json()["code"] == "session_ended"
    assert api(ana).get("users/me/").status_code == 200
    assert api(judge).post("users/ana/reinstate/").status_code == 200
    log = api(judge).get("moderation/log/?reader=ana").json()["results"]
    assert [(row["verb"], row["reason"]) for row in log] == [
        ("reinstate_reader", "It was a mistake."),
        ("suspend_reader", "Advertising."),
    ]
    assert log[0]["target"] == {"kind": "reader", "id": "ana"}
    assert api(judge).get("moderation/log/?verb=hide_review").json()["results"] == []
    assert len(api(judge).get("moderation/log/?by=me&kind=reader").json()["results"]) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x", "until": "tomorrow"}, "/until"),
        ({"reason": "x", "until": "2999-01-01T00:00:00"}, "/until"),
        ({"reason": "x", "until": "2999-13-01T00:00:00Z"}, "/until"),
        ({"reason": "x", "until": "2001-01-01T00:00:00Z"}, "/until"),
    ],
)
def test_an_ill_formed_suspension_is_refused(
    api: Any, judge: Any, body: dict[str, Any], pointer: str
) -> None:
    UserFactory(username="ana")
    answer = api(judge).post("users/ana/suspend/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_nobody_is_suspended_by_themselves_or_by_who_stands_no_higher(api: Any, judge: Any) -> None:
    admin = UserFactory(username="the-admin", admin=True)
    why = {"reason": "x"}
    own = api(judge).post("users/me/suspend/", why)
    assert (own.status_code, own.json()["code"]) == (409, "own_account")
    low = api(judge).post("users/the-admin/suspend/", why)
    assert (low.status_code, low.json()["code"]) == (403, "role_too_low")
    assert api(admin).post("users/judge/suspend/", why).status_code == 200
    assert api(admin).post("users/nobody-there/suspend/", why).status_code == 404
    reader = api(UserFactory()).post("users/judge/suspend/", why)
    assert reader.json()["code"] == "moderators_only"


def test_the_record_is_only_ever_added_to(judge: Any) -> None:
    record = a_record(judge)
    record.reason = "y"
    for act in (
        record.save,
        record.delete,
        ModerationRecord.objects.all().delete,
        lambda: ModerationRecord.objects.update(reason="y"),
        lambda: ModerationRecord.objects.bulk_update([record], ["reason"]),
    ):
        with pytest.raises(RecordIsFinal):
            act()
    assert ModerationRecord.objects.get().reason == "x"


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'y'", "DELETE FROM {}"])
def test_postgresql_refuses_to_rewrite_the_record(judge: Any, statement: str) -> None:
    a_record(judge)
    table = ModerationRecord._meta.db_table
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_notices_speak_the_language_of_who_reads(api: Any) -> None:
    ana = UserFactory()
    notify([ana.pk, None], "warned", reason="Be kind.", about=("club", "noir"))
    shown = api(ana).get("users/me/").json()["notices"][0]
    assert shown["message"] == MESSAGES["warned"]
    assert shown["about"] == {"kind": "club", "id": "noir"}
    with pytest.raises(ValueError, match="no notice"):
        notify([ana.pk], "greeting")


def test_a_command_of_the_operators_stands_on_the_record_without_a_name(api: Any) -> None:
    warn_reader(reader=UserFactory(), by=None, reason="From the console.")
    log = api(UserFactory(admin=True)).get("moderation/log/").json()["results"]
    assert [(row["by"], row["verb"]) for row in log] == [(None, "warn_reader")]
    assert Notice.objects.count() == 1
