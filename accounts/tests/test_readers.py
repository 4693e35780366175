"""Profiles, oneself and search: who sees what, and what may be changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
ME, USERS = "/api/v1/users/me/", "/api/v1/users/"
AsReader = Callable[..., APIClient]


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [reader["username"] for reader in response.json()["results"]]


def test_a_public_profile_shows_nothing_private(visitor: APIClient, as_reader: AsReader) -> None:
    ana = UserFactory(username="ana", display_name="Ana", bio="Reads.", moderator=True)
    wanted = {
        "username": "ana",
        "display_name": "Ana",
        "imported": False,
        "bio": "Reads.",
        "created_at": ana.created_at.isoformat().replace("+00:00", "Z"),
    }
    for client in (visitor, as_reader(UserFactory()), as_reader(ana)):
        for path in (f"{USERS}ana/", f"{USERS}ANA/"):
            response = client.get(path)
            assert (response.status_code, response.json()) == (200, wanted)
    assert visitor.get(f"{USERS}ana/?fields=bio").json() == {"bio": "Reads."}


def test_suspended_readers_stay_visible_and_erased_ones_do_not(visitor: APIClient) -> None:
    UserFactory(username="bea", suspended=True)
    gone = UserFactory(erased=True)
    assert visitor.get(f"{USERS}bea/").status_code == 200
    for name in (gone.username, "nobody", "x" * 200, "%00", "a b"):
        assert visitor.get(f"{USERS}{name}/").status_code == 404
    assert names(visitor.get(USERS)) == ["bea"]


def test_one_sees_more_of_oneself(as_reader: AsReader) -> None:
    ana = UserFactory(username="ana", email="ana@example.org", admin=True, language="pt-br")
    response = as_reader(ana).get(ME)
    data = response.json()
    assert data.pop("created_at")
    assert data == {
        "username": "ana",
        "display_name": "Ana",
        "imported": False,
        "bio": "",
        "email": "ana@example.org",
        "email_verified": True,
        "pending_email": None,
        "language": "pt-br",
        "time_zone": "UTC",
        "roles": ["admin"],
        "leaves_at": None,
        "notices": [],
    }
    assert response["ETag"].startswith('"1.')
    assert response["Cache-Control"] == "private, no-cache"


def test_oneself_is_for_those_who_are_signed_in(visitor: APIClient) -> None:
    for method in ("get", "patch", "delete"):
        response = getattr(visitor, method)(ME)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_me_stands_for_oneself_wherever_a_path_has_a_username() -> None:
    ana = UserFactory()
    assert User.objects.named("me", ana).get() == ana
    assert User.objects.named(ana.username.upper(), None).get() == ana


def test_a_patch_writes_only_what_was_sent(as_reader: AsReader) -> None:
    ana = UserFactory(username="ana", display_name="Ana", bio="Reads.")
    client = as_reader(ana)
    response = client.patch(ME, {"display_name": " Zoë  ", "time_zone": "America/Sao_Paulo"})
    assert response.status_code == 200
    data = response.json()
    assert (data["display_name"], data["bio"]) == ("Zoë", "Reads.")
    assert data["time_zone"] == "America/Sao_Paulo"
    assert response["ETag"].startswith('"2.')
    assert response["ETag"] == client.get(ME)["ETag"]
    ana.refresh_from_db()
    assert ana.search_text == "ana zoe"
    assert names(client.get(f"{USERS}?search=ZOE")) == ["ana"]


def test_a_patch_that_changes_nothing_counts_no_version(as_reader: AsReader) -> None:
    ana = UserFactory(display_name="Ana")
    client = as_reader(ana)
    for body in ({}, {"display_name": "Ana"}):
        response = client.patch(ME, body)
        assert response.status_code == 200
        assert response["ETag"].startswith('"1.')


def test_a_stale_edit_is_refused(as_reader: AsReader) -> None:
    client = as_reader(UserFactory())
    tag = client.get(ME)["ETag"]
    assert client.patch(ME, {"bio": "One."}, headers={"If-Match": tag}).status_code == 200
    for body in ({"bio": "Two."}, {"bio": "One."}):
        response = client.patch(ME, body, headers={"If-Match": tag})
        assert (response.status_code, response.json()["code"]) == (412, "stale")
    assert client.delete(ME, headers={"If-Match": tag}).status_code == 412
    assert client.get(ME).json()["bio"] == "One."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"username": "bea"}, "read_only"),
        ({"email": "b@example.org"}, "read_only"),
        ({"roles": ["admin"]}, "read_only"),
        ({"is_superuser": True}, "unknown_field"),
        ({"password": PASSWORD}, "unknown_field"),
        ({"display_name": "x" * 81}, "max_length"),
        ({"display_name": "two\nlines"}, "control_characters"),
        ({"bio": "x" * 1001}, "max_length"),
        ({"bio": None}, "null"),
        ({"bio": 5}, "invalid"),
        ({"language": "pt"}, "invalid_choice"),
    ],
)
def test_what_cannot_be_written(as_reader: AsReader, body: dict, code: str) -> None:
    response = as_reader(UserFactory()).patch(ME, body)
    assert response.status_code == 400
    [fault] = response.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (f"/{next(iter(body))}", code)


def test_a_time_zone_must_exist(as_reader: AsReader) -> None:
    client = as_reader(UserFactory())
    assert client.patch(ME, {"time_zone": "Mars/Olympus"}).status_code == 400


def test_leaving_needs_a_recent_sign_in(as_reader: AsReader) -> None:
    ana = UserFactory(username="ana")
    client = as_reader(ana)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        response = client.delete(ME)
        assert (response.status_code, response.json()["code"]) == (403, "reauthenticate")
        assert client.get(ME).status_code == 200


def test_without_days_of_grace_leaving_erases_at_once(
    visitor: APIClient, as_reader: AsReader, pair_of: Any, settings: Any
) -> None:
    settings.ERASURE_GRACE_DAYS = 0
    ana = UserFactory(username="ana", email="ana@example.org")
    elsewhere = pair_of(ana)
    client = as_reader(ana)
    response = client.delete(ME)
    assert (response.status_code, response.content) == (204, b"")
    assert client.get(ME).json()["code"] == "session_ended"
    body = {"refresh": elsewhere["refresh"]}
    assert visitor.post("/api/v1/auth/token/refresh/", body).status_code == 401
    assert visitor.get(f"{USERS}ana/").status_code == 404
    body = {"login": "ana@example.org", "password": PASSWORD}
    assert visitor.post("/api/v1/auth/token/", body).status_code == 401
    again = {"username": "ana", "email": "ana@example.org", "password": PASSWORD}
    taken = visitor.post("/api/v1/auth/register/", again)
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    other = visitor.post("/api/v1/auth/register/", again | {"username": "ana2"})
    assert other.status_code == 201  # the address is free again


class TestSearch:
    """By username and display name, never by e-mail."""

    @pytest.fixture(autouse=True)
    def _readers(self) -> None:
        UserFactory(username="joao_b", display_name="João Brás", email="secret@hidden.example")
        UserFactory(username="anabela", display_name="Bela")
        UserFactory(username="zed", display_name="Ana Zed", suspended=True)
        UserFactory(erased=True)

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("ana", ["anabela", "zed"]),
            ("ANA ze", ["zed"]),
            ("JOAO", ["joao_b"]),
            ("bra", ["joao_b"]),
            ("bela", ["anabela"]),
            ("nabela", []),
            ("secret", []),
            ("hidden.example", []),
            ("deleted", []),
            ("%", []),
            ("!?", []),
            ("_", []),
            ("' OR 1=1", []),
        ],
    )
    def test_beginnings_of_words_are_found(
        self, visitor: APIClient, search: str, found: list[str]
    ) -> None:
        assert names(visitor.get(USERS, {"search": search})) == found

    def test_without_search_everybody_comes_by_username(self, visitor: APIClient) -> None:
        assert names(visitor.get(USERS)) == ["anabela", "joao_b", "zed"]

    def test_pages_lead_forth_and_back(self, visitor: APIClient) -> None:
        first = visitor.get(USERS, {"page_size": 2})
        assert names(first) == ["anabela", "joao_b"]
        second = visitor.get(first.json()["next"])
        assert names(second) == ["zed"]
        assert second.json()["next"] is None
        assert names(visitor.get(second.json()["previous"])) == ["anabela", "joao_b"]

    @pytest.mark.parametrize(
        "query",
        ["email=a", "search=", "page_size=0", "page_size=101", "cursor=x", "ordering=email"],
    )
    def test_unknown_parameters_and_values_are_refused(
        self, visitor: APIClient, query: str
    ) -> None:
        assert visitor.get(f"{USERS}?{query}").status_code == 400

    def test_a_page_costs_one_query_for_one_row_and_for_many(
        self, visitor: APIClient, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            assert len(names(visitor.get(USERS, {"page_size": 1}))) == 1
        UserFactory.create_batch(20)
        with django_assert_num_queries(1):
            assert len(names(visitor.get(USERS))) == 20
