"""Readers whose address waits for its link: they read and look after their account, no more."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.documents import document
from bookbridge.testing import BASE, ApiClient
from bookbridge.tests.access.table import TABLE, path_of
from bookbridge.tests.access.world import World

pytestmark = pytest.mark.django_db

#: What a reader writes that others see.
NEED_AN_ADDRESS = {
    "POST clubs/",
    "POST clubs/{slug}/join/",
    "POST clubs/{slug}/invitations/",
    "POST invitations/{token}/",
    "POST clubs/{slug}/books/",
    "PATCH clubs/{slug}/books/{id}/",
    "PUT clubs/{slug}/books/{id}/support/",
    "POST books/",
    "PATCH books/{id}/",
    "POST books/lookup/",
    "POST reviews/",
    "PATCH reviews/{id}/",
    "PUT reviews/{id}/like/",
    "POST reports/",
}
OWN_ACCOUNT = {"POST auth/", "PATCH users/me/", "DELETE users/me/"}


def codes_of(reader: Any, world: World) -> dict[str, str]:
    """What a reader is told by every operation that writes."""
    told = {}
    for operation, rule in TABLE.items():
        method = operation.split(" ", 1)[0]
        if method == "GET" or operation.startswith(tuple(OWN_ACCOUNT)):
            continue
        body = rule.body(world, "member") if callable(rule.body) else rule.body
        response = ApiClient(reader).request(method, path_of(operation, world), body)
        told[operation] = response.json().get("code", "") if response.content else ""
    return told


def test_where_verification_is_on_they_may_not_write(settings: Any) -> None:
    world, reader = World.build("public"), UserFactory(unverified=True)
    settings.EMAIL_VERIFICATION = True
    refused = {
        operation
        for operation, code in codes_of(reader, world).items()
        if code == "email_unverified"
    }
    assert refused == NEED_AN_ADDRESS


def test_a_verified_reader_and_an_installation_without_are_never_told_so(settings: Any) -> None:
    world = World.build("public")
    assert "email_unverified" not in codes_of(UserFactory(unverified=True), world).values()
    settings.EMAIL_VERIFICATION = True
    assert "email_unverified" not in codes_of(UserFactory(), world).values()


def test_the_schema_says_where() -> None:
    told = {
        f"{method.upper()} {path.removeprefix(BASE)}"
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
        and "email_unverified" in operation.get("description", "")
        and "403" in operation["responses"]
    }
    assert told == NEED_AN_ADDRESS


def test_they_read_and_look_after_their_account(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = True
    reader = UserFactory(unverified=True, username="ana")
    client = ApiClient(reader)
    me = client.get("users/me/").json()
    assert (me["email"], me["email_verified"]) == (None, False)
    assert me["pending_email"] == "ana@example.org"
    assert client.get("clubs/").status_code == 200
    assert client.patch("users/me/", {"bio": "Reads."}).status_code == 200
    body = {"email": "right@example.org", "password": PASSWORD}
    assert client.post("auth/email/change/", body).status_code == 200
    assert ApiClient(reader).delete("users/me/").status_code == 204


def test_nobody_signed_in_is_told_to_sign_in_and_not_to_confirm(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = True
    assert ApiClient().post("clubs/", {"name": "A club"}).status_code == 401


def test_a_hidden_club_stays_hidden_from_them(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = True
    world = World.build("hidden")
    client = ApiClient(UserFactory(unverified=True))
    there = client.post(f"clubs/{world.names['slug']}/join/")
    nowhere = client.post("clubs/never-was/join/")
    assert there.status_code == nowhere.status_code == 404
