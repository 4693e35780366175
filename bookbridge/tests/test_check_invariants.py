"""Each check finds what breaks its rule, and nothing where all is well."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.invariants.running import CHECKS, differences
from bookbridge.tests.planting import PLANTERS, guarded, small_world
from clubs.models import Club

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world() -> Iterator[None]:
    small_world()
    yield
    guarded()


def ask(*options: str) -> tuple[int, Any]:
    told = io.StringIO()
    try:
        call_command("check_invariants", *options, stdout=told, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), json.loads(told.getvalue())
    return 0, json.loads(told.getvalue())


def test_where_all_is_well_the_list_is_empty() -> None:
    assert ask() == (0, [])


def test_every_check_has_a_difference_that_is_planted() -> None:
    assert {check.name for check in CHECKS} == PLANTERS.keys()
    assert len({check.rule for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("name", sorted(PLANTERS))
def test_a_planted_difference_is_found(name: str) -> None:
    take_back = PLANTERS[name]()
    try:
        code, found = ask("--only", name)
        assert code == 1
        assert {row["check"] for row in found} == {name}
        assert all("id" in row and row["rule"] for row in found)
    finally:
        if callable(take_back):
            take_back()


def test_a_difference_says_what_is_kept_and_what_was_counted() -> None:
    club = Club.objects.get()
    Club.objects.update(members_count=9)
    (found,) = ask()[1]
    assert (found["id"], found["kept"], found["counted"]) == (club.pk, 9, 1)
    assert (found["table"], found["check"]) == ("clubs_club", "club_members_count")


def test_so_many_differences_are_shown() -> None:
    UserFactory.create_batch(5)
    User.objects.visible().update(search_text="x")
    assert len(ask("--limit", "3")[1]) == 3
    told: list[str] = []
    checks = [check for check in CHECKS if check.name == "reader_search_text"]
    differences(checks, shown=3, tell=told.append)
    assert "3 or more" in told[0]


def test_the_list_of_checks_and_wrong_names() -> None:
    told = io.StringIO()
    call_command("check_invariants", "--list", stdout=told)
    assert len(told.getvalue().splitlines()) == len(CHECKS)
    with pytest.raises(CommandError, match="no check nonsense"):
        call_command("check_invariants", "--only", "nonsense")
    with pytest.raises(CommandError, match="--limit"):
        call_command("check_invariants", "--limit", "0")
