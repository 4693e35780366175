"""The compiled ways of asking for clubs find what the ordinary ways find, for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from bookbridge.kernel.compiled import Cut, Question
from bookbridge.tests.access.world import KINDS, VISIBILITIES, World
from clubs.membership.querysets import word_patterns
from clubs.membership.scoping import club_card, club_in_short
from clubs.membership.shapes import club_shape
from clubs.membership.tests.factories import ClubFactory
from clubs.membership.views import ORDERINGS, club_of_member, clubs_asked_for, clubs_searched
from clubs.models import Club

LISTS: list[dict[str, Any]] = [
    {},
    {"visibility": "public"},
    {"language": "en", "archived": False},
    {"archived": True},
    {"member": "me"},
    {"patterns": word_patterns("Xyzzy mondays")},
    {"patterns": word_patterns("xyzzy"), "visibility": "public"},
    {"patterns": word_patterns("!")},
]
SEARCHES: list[dict[str, Any]] = [
    {"patterns": word_patterns("Xyzzy mondays"), "typed": "xyzzy mondays"},
    {"patterns": word_patterns("xyzzy"), "typed": "xyzzy", "member": "me"},
    {"patterns": word_patterns("xyzzy"), "typed": "xyzzy", "language": "en", "archived": False},
    {"patterns": word_patterns("xyzzyplugh"), "typed": "xyzzyplugh"},
    {"patterns": word_patterns("!"), "typed": ""},
    {"patterns": word_patterns("100%_"), "typed": "100%_"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_every_reader_finds_the_same_clubs_both_ways(visibility: str) -> None:
    world = World.build(visibility)
    ClubFactory(name="100 books")
    slug = world.names["slug"]
    key = Club.objects.get(slug=slug).pk
    for kind in KINDS:
        viewer = world.readers.get(kind)
        for given in LISTS:
            if viewer is None and "member" in given:
                continue
            question = Question(clubs_asked_for, viewer=viewer, **given)
            for order in ORDERINGS.values():
                cut = Cut(club_shape.columns, order, stop=21)
                assert question.rows(cut) == list(cut.of(question.queryset(), ()))
        for given in SEARCHES:
            if viewer is None and "member" in given:
                continue
            question = Question.bounded(clubs_searched, viewer=viewer, **given)
            cut = Cut(club_shape.columns, stop=21)
            assert question.rows(cut) == list(cut.of(question.queryset(), ()))
        for build in (club_card, club_in_short):
            question = Question(build, slug=slug, viewer=viewer)
            found, ordinary = question.first(), question.queryset().first()
            assert (found is None) == (ordinary is None)
            if found is not None:
                assert vars(found) | {"_state": 0} == vars(ordinary) | {"_state": 0}
        question = Question(club_of_member, key=key, viewer=viewer)
        assert question.rows(Cut(club_shape.columns)) == list(
            question.queryset().values(*club_shape.columns)
        )
