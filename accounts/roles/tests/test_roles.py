"""Giving and withdrawing site roles: who may, what it does at once, and the last admin."""

from __future__ import annotations

import json
import threading
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import User
from accounts.security.models import SecurityEvent
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db
SIGN_IN = "/admin/login/?next=/admin/"


@pytest.fixture
def chief() -> User:
    made: User = UserFactory(username="chief", admin=True)
    return made


def put(by: User, username: str, roles: list[str]) -> Any:
    return ApiClient(by).put(f"users/{username}/roles/", {"roles": roles})


def in_admin(reader: User) -> Client:
    """Signed in through the form of the admin site."""
    client = Client()
    signed_in = client.post(SIGN_IN, {"username": reader.username, "password": PASSWORD})
    assert signed_in.status_code == 302
    assert client.get("/admin/").status_code == 200
    return client


def mails() -> list[dict[str, Any]]:
    jobs = OutboxJob.objects.filter(kind="mail").order_by("pk")
    return [json.loads(unseal(job.sealed_payload)) for job in jobs]


def test_an_admin_gives_roles_and_takes_them_back(chief: User) -> None:
    ana = UserFactory(username="ana")
    answer = put(chief, "ana", ["moderator", "admin"])
    assert (answer.status_code, answer.json()) == (
        200,
        {"username": "ana", "roles": ["admin", "moderator"]},
    )
    ana.refresh_from_db()
    assert ana.is_staff
    assert put(chief, "ana", []).json()["roles"] == []
    ana.refresh_from_db()
    assert not ana.is_staff
    events = SecurityEvent.objects.filter(kind="roles_changed").order_by("pk")
    assert [(event.reader_id, event.by_id, event.details) for event in events] == [
        (ana.pk, chief.pk, {"roles": ["admin", "moderator"], "before": []}),
        (ana.pk, chief.pk, {"roles": [], "before": ["admin", "moderator"]}),
    ]
    assert [(mail["text"], mail["reader"], mail["context"]) for mail in mails()] == [
        ("roles_changed", ana.pk, {"roles": ["admin", "moderator"]}),
        ("roles_changed", ana.pk, {"roles": []}),
    ]


def test_the_same_roles_again_tell_nobody(chief: User) -> None:
    UserFactory(username="ana", moderator=True)
    assert put(chief, "ana", ["moderator", "moderator"]).status_code == 200
    assert not SecurityEvent.objects.filter(kind="roles_changed").exists()
    assert not OutboxJob.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/roles"),
        ({"roles": "admin"}, "/roles"),
        ({"roles": ["owner"]}, "/roles/0"),
        ({"roles": ["admin", "moderator", "admin"]}, "/roles"),
        ({"roles": [None]}, "/roles/0"),
        ({"roles": [], "is_staff": True}, "/is_staff"),
    ],
)
def test_bodies_that_are_refused(chief: User, body: dict[str, Any], pointer: str) -> None:
    UserFactory(username="ana")
    answer = ApiClient(chief).put("users/ana/roles/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_who_is_not_there_has_no_roles(chief: User) -> None:
    UserFactory(erased=True)
    imported = UserFactory(username="goodbooks-1")
    User.objects.filter(pk=imported.pk).update(email=None, imported_at="2026-01-01T00:00:00Z")
    for name in ("nobody", User.objects.get(erased_at__isnull=False).username, "goodbooks-1"):
        assert put(chief, name, ["moderator"]).status_code == 404


def test_moderators_and_readers_give_none(chief: User) -> None:
    for by in (UserFactory(moderator=True), UserFactory()):
        assert put(by, "chief", []).json()["code"] == "admins_only"
    assert chief.site_roles() == ["admin"]


def test_the_last_admin_stays(chief: User) -> None:
    for name in ("me", "chief"):
        assert put(chief, name, ["moderator"]).json()["code"] == "last_admin"
    gone = UserFactory(username="second", admin=True, suspended=True)
    assert put(chief, "me", []).status_code == 409  # who is shut out cannot give roles
    User.objects.filter(pk=gone.pk).update(suspended_at=None)
    assert put(chief, "me", []).json() == {"username": "chief", "roles": []}
    assert put(chief, "second", []).json()["code"] == "admins_only"


def test_a_superuser_is_admin_enough(chief: User) -> None:
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    assert put(chief, "me", []).status_code == 200


def test_operators_may_leave_nobody(chief: User) -> None:
    services.set_roles(reader=chief, roles=[])
    assert chief.site_roles() == []
    assert mails() == []


def test_a_withdrawn_role_is_gone_with_the_next_request(chief: User) -> None:
    judge = UserFactory(username="judge", moderator=True)
    client = ApiClient(judge)
    pages = in_admin(judge)
    token = client.headers["Authorization"].split()[1]
    assert client.get("moderation/reports/").status_code == 200
    put(chief, "judge", [])
    assert client.get("moderation/reports/").json()["code"] == "moderators_only"
    assert client.get("users/me/").status_code == 200  # what needs no role goes on
    page = pages.get("/admin/")
    assert (page.status_code, page["Location"]) == (302, "/admin/login/?next=/admin/")
    assert "sessionid" not in {name for name, morsel in pages.cookies.items() if morsel.value}
    # For other services the token tells what was true when it was made; docs/tokens.md says so.
    assert jwt.decode(token, options={"verify_signature": False})["roles"] == ["moderator"]
    put(chief, "judge", ["moderator"])
    assert pages.get("/admin/").status_code == 302  # the old session does not come back
    assert in_admin(judge)


def test_a_role_that_is_added_ends_nothing(chief: User) -> None:
    judge = UserFactory(username="judge", moderator=True)
    pages = in_admin(judge)
    put(chief, "judge", ["moderator", "admin"])
    assert pages.get("/admin/").status_code == 200


def act(client: Client, reader: User, choice: str) -> Any:
    address = reverse("admin:accounts_user_act", args=["roles"]) + f"?ids={reader.pk}"
    shown = client.get(address)
    assert shown.status_code == 200
    return client.post(address, {"roles": choice}, follow=True)


def test_the_admin_site_does_the_same(chief: User) -> None:
    ana = UserFactory(username="ana", moderator=True)
    pages = in_admin(chief)
    address = reverse("admin:accounts_user_act", args=["roles"]) + f"?ids={ana.pk}"
    assert "ana (moderator)" in pages.get(address).content.decode()
    assert pages.post(address, {}).status_code == 200  # nothing chosen, nothing done
    assert ana.site_roles() == ["moderator"]
    act(pages, ana, "both")
    assert ana.site_roles() == ["admin", "moderator"]
    act(pages, ana, "none")
    assert ana.site_roles() == []
    assert SecurityEvent.objects.filter(by_id=chief.pk, reader_id=ana.pk).count() == 2
    assert "Nobody else is admin" in act(pages, chief, "moderator").content.decode()
    assert chief.site_roles() == ["admin"]


def test_moderators_are_refused_in_the_admin_site(chief: User) -> None:
    judge = UserFactory(username="judge", moderator=True)
    told = act(in_admin(judge), judge, "both").content.decode()
    assert "Only site admins may do this." in told
    assert judge.site_roles() == ["moderator"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("aim", ["themselves", "each other"])
@pytest.mark.parametrize("_round", range(5))
def test_of_two_admins_who_withdraw_at_once_one_remains(aim: str, _round: int) -> None:
    pair = [UserFactory(username=name, admin=True) for name in ("one", "two")]
    clients = [ApiClient(reader) for reader in pair]
    targets = ["one", "two"] if aim == "themselves" else ["two", "one"]
    answers: list[Any] = []
    start = threading.Barrier(2)

    def withdraw(number: int) -> None:
        try:
            start.wait(60)
            answers.append(clients[number].put(f"users/{targets[number]}/roles/", {"roles": []}))
        finally:
            connection.close()

    threads = [threading.Thread(target=withdraw, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    codes = sorted(answer.json().get("code", "") for answer in answers)
    assert codes in (["", "last_admin"], ["", "admins_only"])
    assert User.objects.filter(groups__name="admin").count() == 1
