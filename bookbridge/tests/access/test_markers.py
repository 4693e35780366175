"""What is planted in a private and a hidden club is met by nobody who may not read it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from bookbridge.documents import document
from bookbridge.testing import BASE
from bookbridge.tests.access.table import path_of
from bookbridge.tests.access.world import MARKER, World

OUTSIDERS = ("anonymous", "stranger", "former", "banned", "site_moderator", "admin")
#: The card of a private club may be known; of its content nothing.
CARD_WORDS = (f"{MARKER} club", f"{MARKER} meets on Mondays", f"{MARKER.lower()}-club")


def every_get() -> list[str]:
    return [
        f"GET {path.removeprefix(BASE)}"
        for path, methods in document()["paths"].items()
        if "get" in methods and path.startswith(BASE) and "{token}" not in path
    ]


def walk(world: World, kind: str) -> list[tuple[str, str]]:
    """Every GET as `kind`, plain, searched for the marker, and page by page."""
    client = world.clients[kind]
    met = []
    for operation in every_get():
        path = path_of(operation, world)
        for query in variants(operation):
            address = f"{path}?{urlencode(query)}" if query else path
            pages = 0
            while address and pages < 20:
                response = client.get(address)
                text = response.content.decode() + str(dict(response.headers))
                met.append((f"{kind}: {address}", text))
                pages += 1
                address = next_of(response)
    return met


def variants(operation: str) -> list[dict[str, Any]]:
    """The parameters to try: none, and a search for the marker where one can be made."""
    path = BASE + operation.removeprefix("GET ")
    parameters = document()["paths"][path]["get"].get("parameters", [])
    names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    found: list[dict[str, Any]] = [{}]
    if "search" in names:
        found.append({"search": MARKER})
    if "page_size" in names:
        found.append({"page_size": 1})
    if "spoilers" in names:
        found.append({"spoilers": "show"})
    return found


def next_of(response: Any) -> str | None:
    if response.status_code != 200 or "json" not in response.headers["Content-Type"]:
        return None
    body = response.json()
    address = body.get("next") if isinstance(body, dict) else None
    return address.removeprefix("http://testserver") if address else None


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", ["private", "hidden"])
@pytest.mark.parametrize("kind", OUTSIDERS)
def test_the_marker_is_never_met_from_outside(visibility: str, kind: str) -> None:
    world = World.build(visibility)
    for place, text in walk(world, kind):
        if visibility == "private" and kind != "banned":
            for word in CARD_WORDS:
                text = text.replace(word, "")
        # The address one asks for, or searches by, may be given back.
        without_question = text.replace(f"search={MARKER}", "")
        assert MARKER not in without_question, place


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", ["private", "hidden"])
def test_the_walk_would_meet_the_marker_if_it_were_there(visibility: str) -> None:
    world = World.build(visibility)
    met = [place for place, text in walk(world, "member") if MARKER in text]
    assert len(met) >= 8, met


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["anonymous", "stranger", "former", "banned", "admin"])
def test_a_hidden_club_answers_like_a_slug_that_never_was(kind: str) -> None:
    world = World.build("hidden")
    client = world.clients[kind]
    for operation in every_get():
        if "{slug}" not in operation:
            continue
        path = path_of(operation, world)
        there = client.get(path)
        nowhere = client.get(path.replace(world.names["slug"], "never-was"))
        assert there.status_code == nowhere.status_code == 404
        assert without_id(there) == without_id(nowhere), path


def without_id(response: Any) -> tuple[Any, Any]:
    body = {name: value for name, value in response.json().items() if name != "request_id"}
    passing = {"X-Request-ID", "RateLimit", "Content-Length"}
    headers = {name: value for name, value in response.headers.items() if name not in passing}
    return body, headers
