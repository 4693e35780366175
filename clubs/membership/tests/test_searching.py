"""Searches for clubs among many: the right ones in the right order, without reading them all."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from bookbridge.kernel import compiled
from bookbridge.kernel.compiled import Question
from bookbridge.kernel.text import searchable
from clubs.membership import searching
from clubs.membership.models import Club
from clubs.membership.querysets import word_patterns
from clubs.membership.shapes import club_shape
from clubs.membership.tests.factories import member_of
from clubs.membership.views import clubs_searched

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _statements_of_their_own() -> Any:
    """Bounds are written into statements, which are kept."""
    compiled._plan.cache_clear()
    yield
    compiled._plan.cache_clear()


def numbered_clubs() -> None:
    """Clubs of four kinds of names and of many sizes, some of them equal."""
    names = ("Night readers {}", "{} of the night", "Morning {} nights", "{} day club")
    made = [
        Club(
            name=names[number % 4].format(number),
            slug=f"club-{number}",
            members_count=number * 7 % 13,
            visibility="hidden" if number % 9 == 0 else "public",
            join_policy="invite" if number % 9 == 0 else "open",
            language="en" if number % 5 else "pt-br",
            search_text=searchable(names[number % 4].format(number)),
        )
        for number in range(120)
    ]
    Club.objects.bulk_create(made)


def expected_slugs(word: str, **filters: Any) -> list[str]:
    """What a search finds, by sorting all of it."""
    found = [
        club
        for club in Club.objects.filter(**filters).exclude(visibility="hidden")
        if f" {word}" in f" {club.search_text}"
    ]
    found.sort(
        key=lambda club: (not club.search_text.startswith(word), -club.members_count, -club.id)
    )
    return [club.slug for club in found]


def pages_of(client: Any, address: str) -> list[list[str]]:
    """All pages of a list, following `next`."""
    found, next_page = [], address
    while next_page is not None:
        answer = client.get(next_page).json()
        found.append([club["slug"] for club in answer["results"]])
        next_page = answer["next"]
    return found


@pytest.mark.parametrize("examined", [(0, 1), (5, 0), (30, 1), (800, 10)])
def test_the_best_are_found_wherever_they_are_looked_for(
    examined: tuple[int, int], api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few clubs are gone through before an index is asked: all pages, in one order."""
    monkeypatch.setattr(searching, "EXAMINED", examined[0])
    monkeypatch.setattr(searching, "EXAMINED_FOR_EACH", examined[1])
    numbered_clubs()
    client = api(UserFactory())
    for word in ("night", "nights", "morning", "day", "of", "1", "10", "nothing"):
        for size in (7, 50):
            pages = pages_of(client, f"clubs/?search={word}&page_size={size}")
            assert list(chain(*pages)) == expected_slugs(word)
            assert all(len(page) == size for page in pages[:-1])
    found = pages_of(client, "clubs/?search=night&language=pt-BR&page_size=4")
    assert list(chain(*found)) == expected_slugs("night", language="pt-br")


def test_who_stands_where_decides_what_is_found(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hidden club is found by its members alone, a public one not by who is banned there."""
    monkeypatch.setattr(searching, "EXAMINED", 10)
    numbered_clubs()
    ana = UserFactory()
    hidden, public = Club.objects.get(slug="club-0"), Club.objects.get(slug="club-4")
    member_of(hidden, ana)
    member_of(public, ana, state="banned")
    found = set(chain(*pages_of(api(ana), "clubs/?search=night&page_size=9")))
    assert found == {*expected_slugs("night"), "club-0"} - {"club-4"}
    mine = pages_of(api(ana), "clubs/?search=night&member=me")
    assert mine == [["club-0"]]


def rows_read(plan: dict[str, Any]) -> float:
    """How many rows of clubs a plan has read."""
    own = 0.0
    if plan.get("Relation Name") == "clubs_club":
        removed = sum(plan.get(f"Rows Removed by {by}", 0) for by in ("Filter", "Index Recheck"))
        own = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    return own + sum(map(rows_read, plan.get("Plans", [])))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads all matches")
@pytest.mark.parametrize("word", ["night", "reading", "rare", "nothing"])
def test_a_word_of_most_clubs_is_found_in_the_largest_ones(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 3,000 clubs: a beginning of all names, a word in all, one in a few, one in none."""
    monkeypatch.setattr(searching, "EXAMINED", 60)
    Club.objects.bulk_create(
        Club(
            name="Night",
            slug=f"club-{number}",
            members_count=number % 700,
            search_text=f"night reading {'rare' * (number % 300 == 0)} {number}",
        )
        for number in range(3_000)
    )
    asked = {"patterns": word_patterns(word), "typed": word}
    found = clubs_searched(viewer=UserFactory(), upto=4, **asked).values(*club_shape.columns)[:4]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE clubs_club")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = json.loads(found.explain(format="json", analyze=True))[0]["Plan"]
    assert rows_read(plan) < 400
    everything = Question.bounded(clubs_searched, viewer=None, **asked).queryset()
    assert [row["slug"] for row in found] == list(everything.values_list("slug", flat=True)[:4])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
def test_plans_are_not_compiled() -> None:
    """It takes far longer than the search, and begins where many rows are expected."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchall() == [("off",)]
