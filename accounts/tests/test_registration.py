"""Registering: the answer, what is refused, and names that nobody may have."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts import services, usernames
from accounts.models import RetiredUsername, User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/register/"
ANA = {"username": "ana", "email": "ana@example.org", "password": PASSWORD}


def code_of(response: Any) -> str:
    return response.json()["code"]


def faults(response: Any) -> set[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return {(fault["pointer"], fault["code"]) for fault in response.json()["errors"]}


def test_the_answer_is_the_account(visitor: APIClient) -> None:
    response = visitor.post(URL, ANA)
    assert response.status_code == 201
    assert response.json() == {
        "username": "ana",
        "email": "ana@example.org",
        "email_verified": True,
        "display_name": "",
        "language": "en",
    }
    assert response["Location"] == "http://testserver/api/v1/users/ana/"
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response


def test_names_and_addresses_become_lower_case(visitor: APIClient) -> None:
    data = visitor.post(URL, ANA | {"username": "Ana_B", "email": "Ana@Example.ORG"}).json()
    assert (data["username"], data["email"]) == ("ana_b", "ana@example.org")


@pytest.mark.parametrize(
    ("header", "language"),
    [("pt-BR,pt;q=0.9", "pt-br"), ("en-GB", "en"), ("ja", "en"), ("", "en")],
)
def test_the_language_is_that_of_the_client(visitor: APIClient, header: str, language: str) -> None:
    response = visitor.post(URL, ANA, headers={"Accept-Language": header})
    assert response.json()["language"] == language


def test_a_language_that_is_sent_wins(visitor: APIClient) -> None:
    sent = ANA | {"language": "pt-br", "display_name": "Ana"}
    data = visitor.post(URL, sent, headers={"Accept-Language": "en"}).json()
    assert (data["language"], data["display_name"]) == ("pt-br", "Ana")


def test_a_bad_token_is_not_looked_at(visitor: APIClient) -> None:
    response = visitor.post(URL, ANA, headers={"Authorization": "Bearer rubbish"})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"username": "ab"}, ("/username", "invalid_format")),
        ({"username": "a" * 31}, ("/username", "max_length")),
        ({"username": "ana maria"}, ("/username", "invalid_format")),
        ({"username": "anã"}, ("/username", "invalid_format")),
        ({"username": "ana\n"}, ("/username", "control_characters")),
        ({"username": 5}, ("/username", "invalid")),
        ({"email": "ana"}, ("/email", "invalid_email")),
        ({"password": "short"}, ("/password", "min_length")),
        ({"password": "x" * 257}, ("/password", "max_length")),
        ({"password": "qwertyuiop123"}, ("/password", "password_too_common")),
        ({"password": "ana@example.org"}, ("/password", "password_too_similar")),
        ({"language": "fr"}, ("/language", "invalid_choice")),
        ({"display_name": None}, ("/display_name", "null")),
        ({"email_verified": True}, ("/email_verified", "read_only")),
        ({"is_staff": True}, ("/is_staff", "unknown_field")),
        ({"username": "admin"}, ("/username", "username_reserved")),
    ],
)
def test_what_is_refused(visitor: APIClient, change: dict, fault: tuple[str, str]) -> None:
    assert faults(visitor.post(URL, ANA | change)) == {fault}
    assert not User.objects.exists()


def test_a_password_close_to_the_display_name_is_refused(visitor: APIClient) -> None:
    sent = ANA | {"display_name": "Ana Catarina Silva", "password": "anacatarinasilva"}
    assert faults(visitor.post(URL, sent)) == {("/password", "password_too_similar")}


def test_missing_fields_are_named(visitor: APIClient) -> None:
    assert faults(visitor.post(URL, {})) == {
        ("/username", "required"),
        ("/email", "required"),
        ("/password", "required"),
    }


def test_any_unicode_makes_a_password_in_whatever_form_it_is_typed(visitor: APIClient) -> None:
    visitor.post(URL, ANA | {"password": "le\u0301ger 読書会 ☕ caf\u00e9"})
    assert User.objects.get().check_password("l\u00e9ger 読書会 ☕ cafe\u0301")


def test_messages_come_in_the_language_of_the_client(visitor: APIClient) -> None:
    sent = ANA | {"password": "qwertyuiop123"}
    response = visitor.post(URL, sent, headers={"Accept-Language": "pt-BR"})
    assert response.json()["errors"][0]["detail"] == "Esta senha é muito comum."
    assert response["Content-Language"] == "pt-br"


@pytest.mark.parametrize("name", ["Admin", "moderator", "deleted-0123", "jwks", "search"])
def test_reserved_names_have_a_code_of_their_own(visitor: APIClient, name: str) -> None:
    response = visitor.post(URL, ANA | {"username": name})
    assert (response.status_code, code_of(response)) == (400, "username_reserved")


def test_a_taken_username_is_a_conflict(visitor: APIClient) -> None:
    UserFactory(username="ana")
    response = visitor.post(URL, ANA | {"username": "ANA", "email": "b@example.org"})
    assert (response.status_code, code_of(response)) == (409, "username_taken")


def test_a_taken_address_is_a_conflict(visitor: APIClient) -> None:
    UserFactory(email="ana@example.org")
    response = visitor.post(URL, ANA)
    assert (response.status_code, code_of(response)) == (409, "email_taken")


def test_a_name_of_somebody_who_left_stays_taken(visitor: APIClient) -> None:
    RetiredUsername.objects.create(digest=usernames.digest("ana"))
    response = visitor.post(URL, ANA)
    assert (response.status_code, code_of(response)) == (409, "username_taken")


def test_the_password_is_hashed_and_the_row_searchable() -> None:
    reader = services.register(
        username="ze", email="Z@example.org", password=PASSWORD, display_name="José Çelik"
    )
    reader.refresh_from_db()
    assert PASSWORD not in reader.password
    assert reader.search_text == "ze jose celik"
    assert reader.is_active
    assert not reader.is_staff


def literals_beside_usernames(patterns: list, seen: str = "") -> set[str]:
    """Every literal segment that stands where another route has `<username>`."""
    routes: list[list[str]] = []

    def walk(patterns: list, before: str) -> None:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                routes.append(route.strip("/").split("/"))

    walk(patterns, seen)
    found = set()
    for route in routes:
        for at, segment in enumerate(route):
            if not re.fullmatch(r"<(\w+:)?username>", segment):
                continue
            for other in routes:
                if len(other) > at and other[:at] == route[:at] and "<" not in other[at]:
                    found.add(other[at])
    return found


def test_no_username_shadows_a_path() -> None:
    literals = literals_beside_usernames(get_resolver().url_patterns)
    assert "me" in literals
    assert all(usernames.is_reserved(word) for word in literals)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", ["username", "email", "both"])
def test_of_parallel_registrations_one_succeeds_and_the_others_conflict(same: str) -> None:
    answers: list[tuple[int, str | None]] = []
    start = threading.Barrier(8)

    def register(n: int) -> None:
        username = "ana" if same != "email" else f"ana{n}"
        email = "ana@example.org" if same != "username" else f"ana{n}@example.org"
        start.wait()
        try:
            response = APIClient().post(URL, ANA | {"username": username, "email": email})
            answers.append((response.status_code, response.json().get("code")))
        finally:
            connection.close()

    threads = [threading.Thread(target=register, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _code in answers) == [201] + [409] * 7
    codes = {"username": {"username_taken"}, "email": {"email_taken"}}
    lost = {code for status, code in answers if status == 409}
    assert lost <= codes.get(same, {"username_taken", "email_taken"})
    assert User.objects.count() == 1
