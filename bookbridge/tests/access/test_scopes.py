"""What a personal token opens: every operation of the schema with every set of scopes."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from accounts.personal_tokens.tests.factors import token_of
from accounts.second_factor.tests.factors import factor_of, told
from accounts.tests.factories import UserFactory
from bookbridge.documents import document
from bookbridge.testing import BASE, ApiClient
from bookbridge.tests.access.rules import BLIND, SITE_MODERATORS
from bookbridge.tests.access.table import TABLE
from bookbridge.tests.access.test_access import answer
from bookbridge.tests.access.world import World
from clubs.books.tests.factories import BookFactory

pytestmark = pytest.mark.django_db
SCOPES: tuple[tuple[str, ...], ...] = (
    ("read",),
    ("read", "write"),
    ("read", "moderate"),
    ("read", "write", "moderate"),
)
#: What is about the account itself; as far as there are such routes.
OF_THE_ACCOUNT = (
    "DELETE users/me/",
    "POST users/me/restore/",
    "GET users/me/export/",
    "POST users/me/export/",
    "GET users/me/tokens/",
    "POST users/me/tokens/",
    "DELETE users/me/tokens/{id}/",
    "PUT users/{username}/roles/",
)
#: Moderators may more there than others: without `moderate` a token is that of any reader.
BY_ROLE = {"PATCH books/{id}/": (403, "not_your_book")}


def expected(operation: str, scopes: tuple[str, ...]) -> tuple[int, str] | None:
    """How a token with these scopes is refused; None when it is answered like a session."""
    if TABLE[operation].public == BLIND.public:
        return None
    if operation in OF_THE_ACCOUNT or " auth/" in operation:
        return 403, "session_required"
    needed = {"read" if operation.startswith("GET ") else "write"}
    if TABLE[operation].public == SITE_MODERATORS.public:
        needed.add("moderate")
    if not needed <= set(scopes):
        return 403, "insufficient_scope"
    return None if "moderate" in scopes else BY_ROLE.get(operation)


@pytest.mark.parametrize("scopes", SCOPES, ids=" ".join)
def test_every_operation_with_every_set_of_scopes(scopes: tuple[str, ...]) -> None:
    world = World.build("public")
    moderator = world.readers["site_moderator"]
    _row, token = token_of(moderator, *scopes)
    world.clients["site_moderator"] = ApiClient(None, Authorization=f"Bearer {token}")
    wrong, refused = [], 0
    for operation, rule in TABLE.items():
        status, code = answer(world, operation, "site_moderator", rule)
        wanted = expected(operation, scopes)
        refused += wanted is not None
        if wanted is None:
            wanted = rule.expected("public")["site_moderator"], code
        if (status, code) != wanted:
            wrong.append(f"{operation} with {scopes}: {status} {code}, not {wanted}")
    assert not wrong, "\n".join(wrong)
    assert refused >= 7


def test_the_schema_says_of_every_operation_what_a_token_needs() -> None:
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            name = f"{method.upper()} {path.removeprefix(BASE)}"
            if name not in TABLE or not said["security"]:
                continue
            ways = [way["personal_token"] for way in said["security"] if "personal_token" in way]
            if expected(name, SCOPES[-1]) is not None:
                assert ways == [], name
                assert "session_required" in said["description"], name
                assert "403" in said["responses"], name
                continue
            assert expected(name, tuple(ways[0])) in (None, BY_ROLE.get(name)), name
            if ways[0] != ["read"]:
                assert "403" in said["responses"], name
            for fewer in SCOPES:
                if not set(ways[0]) <= set(fewer):
                    assert expected(name, fewer) == (403, "insufficient_scope"), (name, fewer)


def test_the_refusal_names_the_scope_as_the_standard_has_it() -> None:
    _row, token = token_of(UserFactory(moderator=True), "read", "write")
    refusal = ApiClient(None, Authorization=f"Bearer {token}").get("moderation/log/")
    assert told(refusal) == (403, "insufficient_scope")
    assert refusal["WWW-Authenticate"] == (
        'Bearer realm="bookbridge", error="insufficient_scope", scope="read moderate"'
    )


class TestCompulsoryForStaff:
    """`STAFF_SECOND_FACTOR_REQUIRED`: a role counts with a second factor."""

    @pytest.fixture(autouse=True)
    def _required(self, settings: Any) -> None:
        settings.STAFF_SECOND_FACTOR_REQUIRED = True

    def test_moderators_operations_wait_for_it(self) -> None:
        world = World.build("public")
        wrong = []
        for operation, rule in TABLE.items():
            status, code = answer(world, operation, "site_moderator", rule)
            wanted: tuple[int, str] = rule.expected("public")["site_moderator"], code
            if rule.public == SITE_MODERATORS.public:
                wanted = 403, "staff_second_factor_required"
            wanted = BY_ROLE.get(operation, wanted)
            if (status, code) != wanted:
                wrong.append(f"{operation}: {status} {code}, not {wanted}")
        assert not wrong, "\n".join(wrong)

    def test_with_one_they_work_by_token_too(self) -> None:
        moderator = UserFactory(moderator=True)
        factor_of(moderator)
        _row, token = token_of(moderator, "read", "moderate")
        for client in (ApiClient(moderator), ApiClient(None, Authorization=f"Bearer {token}")):
            assert client.get("moderation/log/").status_code == 200

    def test_other_services_hear_of_no_role_without_it(self) -> None:
        moderator = UserFactory(moderator=True)
        assert roles_told(moderator) == []
        factor_of(moderator)
        assert roles_told(moderator) == ["moderator"]

    def test_readers_are_not_concerned(self) -> None:
        reader = UserFactory()
        book = BookFactory()
        assert ApiClient(reader).get(f"books/{book.pk}/").status_code == 200
        assert told(ApiClient(reader).get("moderation/log/")) == (403, "moderators_only")


def roles_told(reader: Any) -> Any:
    """The roles in an access token, as another service reads them."""
    text = ApiClient(reader).headers["Authorization"].removeprefix("Bearer ")
    return jwt.decode(text, options={"verify_signature": False})["roles"]
