"""What `recount` heals, what it only says, and what it leaves alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from bookbridge.invariants.running import differences
from bookbridge.tests.planting import PLANTERS, guarded, small_world
from clubs.models import Club

pytestmark = pytest.mark.django_db

#: By the name of the check, what heals it.
HEALED = {
    "readers_count": "readers",
    "club_members_count": "members",
    "club_moves_count": "moves",
    "entry_supporters_count": "supporters",
    "review_likes_count": "likes",
    "book_ratings": "ratings",
    "review_months": "months",
    "finished_months": "finished",
    "list_positions": "positions",
    "reader_search_text": "search",
    "club_search_text": "search",
    "book_search_text": "search",
    "book_search_index": "search",
}


@pytest.fixture(autouse=True)
def _world() -> Iterator[None]:
    small_world()
    yield
    guarded()


def recount(*options: str) -> str:
    told = io.StringIO()
    call_command("recount", *options, stdout=told)
    return told.getvalue()


@pytest.mark.parametrize(("check", "name"), HEALED.items())
def test_what_is_planted_is_healed(check: str, name: str) -> None:
    PLANTERS[check]()
    assert differences()
    changes = json.loads(recount("--dry-run", "--json"))
    assert {kind for kind, rows in changes.items() if rows} == {name}
    assert differences(), "a dry run changes nothing"
    assert f"{name}: {len(changes[name])} healed" in recount()
    assert differences() == []
    assert "healed" not in recount()


def test_only_what_is_asked_for_is_healed() -> None:
    Club.objects.update(members_count=9, search_text="x")
    recount("--only", "search")
    assert Club.objects.get().members_count == 9
    assert json.loads(recount("--only", "members", "--json")) == {
        "members": [{"id": Club.objects.get().pk, "kept": 9, "counted": 1}]
    }


def test_a_renumbered_list_has_a_new_version() -> None:
    before = Club.objects.get().list_version
    PLANTERS["list_positions"]()
    recount("--only", "positions")
    assert Club.objects.get().list_version == before + 1
