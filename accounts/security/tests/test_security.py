"""The security record: what is written, who sees it, and that it is only ever added to."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.final import RecordIsFinal
from accounts.models import SecurityEvent, SecurityTrace
from accounts.security.models import EventKind
from accounts.security.records import FAILURES_OF_ACCOUNT, forget_traces, record_event
from accounts.services import set_roles, suspend_reader
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db

ROUTE = "users/me/security/"
WRITERS = ("record_event", "record_failure", "_record_event")


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana")


def kinds(reader: Any) -> list[str]:
    return [event.kind for event in SecurityEvent.objects.about(reader).order_by("pk")]


def sign_in(password: str = PASSWORD, login: str = "ana") -> Any:
    client = ApiClient(**{"User-Agent": "Ana's phone"})
    client.client.defaults["REMOTE_ADDR"] = "198.51.100.7"
    return client.post("auth/token/", {"login": login, "password": password})


def test_what_happens_to_an_account_is_written_down(ana: Any, settings: Any) -> None:
    assert sign_in("something wrong").status_code == 401
    pair = sign_in().json()
    client = ApiClient(Authorization=f"Bearer {pair['access']}")
    client.get("users/me/export/")
    client.post("auth/logout/")
    assert kinds(ana) == ["sign_in_failed", "signed_in", "data_exported", "signed_out"]
    trace = SecurityEvent.objects.get(kind="signed_in").trace
    assert (trace.address_prefix, trace.user_agent) == ("198.51.100.0/24", "Ana's phone")


def test_registration_is_the_first_event() -> None:
    body = {"username": "bea", "email": "bea@example.org", "password": PASSWORD}
    assert ApiClient().post("auth/register/", body).status_code == 201
    assert SecurityEvent.objects.get().kind == "registered"


def test_a_flood_of_failures_does_not_fill_the_table(ana: Any, settings: Any) -> None:
    settings.SIGN_IN_FAILURES = 1000
    for _ in range(FAILURES_OF_ACCOUNT.quota + 5):
        sign_in("something wrong")
    assert kinds(ana) == ["sign_in_failed"] * FAILURES_OF_ACCOUNT.quota


def test_what_a_limit_refused_unseen_is_not_recorded(ana: Any, settings: Any) -> None:
    settings.SIGN_IN_FAILURES = 2
    assert [sign_in("something wrong").status_code for _ in range(4)] == [401, 401, 429, 429]
    assert kinds(ana) == ["sign_in_failed"] * 2


def test_a_failure_survives_the_answer_also_where_there_is_no_account() -> None:
    assert sign_in(login="nobody-here").status_code == 401
    event = SecurityEvent.objects.get()
    assert (event.kind, event.reader_id, event.details) == ("sign_in_failed", None, {})


def test_readers_see_their_own_newest_first_and_page_by_page(ana: Any) -> None:
    other = UserFactory()
    record_event("password_changed", reader_id=other.pk)
    for _ in range(3):
        record_event("password_changed", reader_id=ana.pk)
    client = ApiClient(ana)
    first = client.get(f"{ROUTE}?page_size=2").json()
    assert [row["kind"] for row in first["results"]] == ["signed_in", "password_changed"]
    assert first["results"][0]["message"] == "Signed in"
    second = client.get(first["next"]).json()
    assert len(second["results"]) == 2
    assert second["next"] is None
    ids = [row["id"] for row in (*first["results"], *second["results"])]
    assert ids == sorted(ids, reverse=True)
    assert len(client.get(f"{ROUTE}?kind=signed_in").json()["results"]) == 1
    assert client.get(f"{ROUTE}?kind=nonsense").status_code == 400
    assert ApiClient().get(ROUTE).status_code == 401


def test_of_staff_readers_see_that_it_was_staff_and_nothing_more(ana: Any) -> None:
    judge = UserFactory(username="the-judge", admin=True)
    suspend_reader(reader=ana, by=judge, reason="Spam.", until=timezone.now() + timedelta(hours=1))
    record_event(
        "roles_changed", reader_id=ana.pk, by_id=judge.pk, address="203.0.113.9", roles=["admin"]
    )
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        answer = ApiClient(ana).get(ROUTE)
    rows = {row["kind"]: row for row in answer.json()["results"]}
    assert rows["reader_suspended"]["by"] == rows["roles_changed"]["by"] == "staff"
    assert rows["roles_changed"]["address_prefix"] is None
    assert rows["roles_changed"]["details"] == {"roles": ["admin"]}
    assert rows["reader_suspended"]["details"] == {}
    for secret in ("the-judge", "203.0.113"):
        assert secret not in answer.content.decode()
    event = SecurityEvent.objects.get(kind="reader_suspended")
    assert event.details["moderation_record"]
    assert event.by == judge


def test_the_list_costs_a_fixed_number_of_statements(
    ana: Any, django_assert_num_queries: Any
) -> None:
    client = ApiClient(ana)
    for number in (1, 20):
        for _ in range(number):
            record_event("signed_out", reader_id=ana.pk, address="198.51.100.7")
        with django_assert_num_queries(2):
            client.get(ROUTE)


def test_an_event_is_final(ana: Any) -> None:
    event = record_event("signed_out", reader_id=ana.pk)
    for act in (
        event.save,
        event.delete,
        SecurityEvent.objects.all().delete,
        lambda: SecurityEvent.objects.update(kind="x"),
        lambda: SecurityEvent.objects.bulk_update([event], ["kind"]),
    ):
        with pytest.raises(RecordIsFinal, match="security record"):
            act()


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET kind = 'y'"])
def test_postgresql_refuses_to_rewrite_it(ana: Any, statement: str) -> None:
    record_event("signed_out", reader_id=ana.pk)
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("accounts_securityevent"))


@pytest.mark.parametrize(
    "value", ["ana@example.org", "My own words", {"a": 1}, ["fine", "not fine"]]
)
def test_a_final_record_takes_no_words_of_a_person(ana: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="detail"):
        record_event("signed_out", reader_id=ana.pk, note=value)
    with pytest.raises(ValueError, match="no security event"):
        record_event("something_else", reader_id=ana.pk)


def test_every_event_that_the_code_records_is_one_of_the_kinds() -> None:
    assert len(EventKind.values) >= 14
    found = set()
    for path in Path(settings.BASE_DIR).glob("*/**/*.py"):
        if "tests" in path.parts or ".venv" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            writes = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(WRITERS)
            if writes and node.args and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    assert {"signed_in", "sign_in_failed", "leaving"} <= found
    assert found <= set(EventKind.values)


def test_where_it_came_from_is_forgotten_after_90_days(ana: Any) -> None:
    event = record_event("signed_out", reader_id=ana.pk, address="198.51.100.7")
    assert forget_traces(timezone.now() + timedelta(days=89)) == 0
    assert forget_traces(timezone.now() + timedelta(days=91), at_once=1) == 1
    assert not SecurityTrace.objects.exists()
    assert SecurityEvent.objects.filter(pk=event.pk).exists()


def test_changes_of_roles_name_who_made_them(ana: Any) -> None:
    root = UserFactory(admin=True)
    set_roles(reader=ana, roles=["moderator"], by=root)
    event = SecurityEvent.objects.get(kind="roles_changed")
    assert (event.reader, event.by) == (ana, root)
    assert event.details == {"roles": ["moderator"], "before": []}


def test_staff_look_at_it_in_the_admin(ana: Any) -> None:
    moderator = UserFactory(moderator=True)
    event = record_event(
        "signed_in", reader_id=ana.pk, address="198.51.100.7", user_agent="Ana's phone"
    )
    record_event("signed_out", reader_id=moderator.pk)
    assert admin.site.is_registered(SecurityEvent)
    client = Client()
    client.force_login(moderator)
    page = "/admin/accounts/securityevent/"
    listed = client.get(f"{page}?q=an&kind=signed_in").content.decode()
    assert "Signed in" in listed
    assert (
        "Signed out"
        not in client.get(f"{page}?q=ana").content.decode().split("<tbody>")[1].split("</tbody>")[0]
    )
    shown = client.get(f"{page}{event.pk}/change/").content.decode()
    assert "198.51.100.0/24" in shown
    assert client.post(f"{page}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Client().get(page).status_code == 302
