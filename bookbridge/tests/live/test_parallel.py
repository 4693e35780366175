"""Forty clients at once against a real server: the invariants hold, losers get 409 or 412."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from bookbridge.tests.live.server import PASSWORD, Answer, Server

CLIENTS = 40


def at_once(number: int, act: Callable[[int], Answer]) -> list[Answer]:
    """What `number` clients were told that started together."""
    ready = Barrier(number)

    def start(turn: int) -> Answer:
        ready.wait()
        return act(turn)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(start, range(number)))


def counted(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


@pytest.fixture(scope="module")
def owner(server: Server) -> str:
    return server.register("founder")


@pytest.fixture(scope="module")
def readers(server: Server, owner: str) -> list[str]:
    return [server.register(f"reader-{number}") for number in range(CLIENTS)]


def test_one_reader_reviews_a_book_once(server: Server, owner: str) -> None:
    book = {"title": "Once", "authors": ["A"]}
    key = server.api("POST", "books/", book, token=owner).json()["id"]

    def review(turn: int) -> Answer:
        rating = 0.5 + (turn % 10) / 2
        return server.api("POST", "reviews/", {"book": key, "rating": rating}, token=owner)

    answers = at_once(CLIENTS, review)
    assert counted(answers) == {201: 1, 409: CLIENTS - 1}
    made = next(answer.json() for answer in answers if answer.status == 201)
    shown = server.api("GET", f"books/{key}/").json()
    assert (shown["rating_count"], shown["rating_average"]) == (1, made["rating"])


def test_a_club_of_ten_seats_has_ten_members(
    server: Server, owner: str, readers: list[str]
) -> None:
    club = {"name": "Ten seats", "max_members": 10}
    slug = server.api("POST", "clubs/", club, token=owner).json()["slug"]
    answers = at_once(
        CLIENTS, lambda turn: server.api("POST", f"clubs/{slug}/join/", token=readers[turn])
    )
    assert counted(answers) == {201: 9, 409: CLIENTS - 9}
    codes = {answer.json()["code"] for answer in answers if answer.status == 409}
    assert codes == {"club_full"}
    assert server.api("GET", f"clubs/{slug}/").json()["members_count"] == 10
    members = server.api("GET", f"clubs/{slug}/members/?page_size=100").json()["results"]
    assert len(members) == 10


def test_one_reader_joins_once(server: Server, owner: str, readers: list[str]) -> None:
    slug = server.api("POST", "clubs/", {"name": "Open door"}, token=owner).json()["slug"]
    answers = at_once(
        CLIENTS, lambda turn: server.api("POST", f"clubs/{slug}/join/", token=readers[0])
    )
    assert counted(answers) == {201: 1, 409: CLIENTS - 1}
    assert server.api("GET", f"clubs/{slug}/").json()["members_count"] == 2


@pytest.mark.parametrize("same", ["username", "email"])
def test_a_name_and_an_address_are_registered_once(server: Server, same: str) -> None:
    def register(turn: int) -> Answer:
        own = f"{same}-{turn}"
        person = {
            "username": "taken-name" if same == "username" else own,
            "email": "taken@example.org" if same == "email" else f"{own}@example.org",
            "password": PASSWORD,
        }
        return server.api("POST", "auth/register/", person)

    statuses = counted(at_once(CLIENTS, register))
    assert statuses[201] == 1
    # Forty passwords at once are more than are hashed: some hear 503, and may come again.
    assert set(statuses) <= {201, 409, 503}
    assert register(0).status == 409


def test_of_many_edits_of_one_version_one_succeeds(server: Server, owner: str) -> None:
    club = server.api("POST", "clubs/", {"name": "Edited"}, token=owner).json()["slug"]
    tag = server.api("GET", f"clubs/{club}/", token=owner).headers["ETag"]

    def edit(turn: int) -> Answer:
        change = {"description": f"Version of {turn}"}
        return server.api("PATCH", f"clubs/{club}/", change, token=owner, headers={"If-Match": tag})

    answers = at_once(CLIENTS, edit)
    assert counted(answers) == {200: 1, 412: CLIENTS - 1}
    won = next(answer.json() for answer in answers if answer.status == 200)
    shown = server.api("GET", f"clubs/{club}/", token=owner).json()
    assert shown["description"] == won["description"]


def test_twenty_requests_with_one_idempotency_key_happen_once(server: Server, owner: str) -> None:
    def found(turn: int) -> Answer:
        return server.api(
            "POST",
            "clubs/",
            {"name": "Founded twenty times"},
            token=owner,
            headers={"Idempotency-Key": "the-same-for-all"},
        )

    answers = at_once(20, found)
    assert set(counted(answers)) <= {201, 409}
    codes = {answer.json()["code"] for answer in answers if answer.status == 409}
    assert codes <= {"request_in_progress"}
    assert len({answer.json()["slug"] for answer in answers if answer.status == 201}) == 1
    again = found(0)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    mine = server.api("GET", "clubs/?search=twenty&member=me", token=owner).json()["results"]
    assert len(mine) == 1


def test_of_sixteen_refreshes_with_one_token_one_succeeds_twenty_times(server: Server) -> None:
    server.register("refresher")
    person = {"login": "refresher", "password": PASSWORD}
    for _ in range(20):
        old = {"refresh": server.api("POST", "auth/token/", person).json()["refresh"]}
        answers = at_once(16, lambda turn, old=old: server.api("POST", "auth/token/refresh/", old))
        assert counted(answers) == {200: 1, 401: 15}
        new: Any = next(answer.json() for answer in answers if answer.status == 200)
        late = server.api("POST", "auth/token/refresh/", {"refresh": new["refresh"]})
        assert late.status == 401, "a replay ends the whole family"
        assert server.api("GET", "users/me/", token=new["access"]).status == 401
