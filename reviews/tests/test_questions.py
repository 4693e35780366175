"""The compiled ways of asking for reviews find what the ordinary ways find, for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from bookbridge.kernel.compiled import Cut, Question
from bookbridge.tests.access.world import KINDS, VISIBILITIES, World
from reviews.models import Review
from reviews.querysets import ReviewQuerySet
from reviews.serializers import ORDERINGS
from reviews.shapes import review_shape
from reviews.tests.factories import ReviewFactory
from reviews.views import review_asked_for, review_of_author, reviews_asked_for


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_every_reader_finds_the_same_reviews_both_ways(visibility: str) -> None:
    world = World.build(visibility)
    names = world.names
    lists: list[dict[str, Any]] = [
        {},
        {"book": names["book"]},
        {"book": names["free"], "rating_min": 3, "rating_max": 9},
        {"author": world.readers["owner"].pk, "language": "en"},
        {"club": 1},
        {"book": 10**30},
    ]
    for kind in KINDS:
        viewer = world.readers.get(kind)
        for given in lists:
            ask = Question.by_index if given.keys() == {"book"} else Question
            question = ask(reviews_asked_for, viewer=viewer, **given)
            for order in ORDERINGS.values():
                cut = Cut((*review_shape.columns, *(key.lstrip("-") for key in order)), order)
                rows = question.rows(cut)
                assert rows == list(cut.of(question.queryset(), ()))
                for place in range(0, len(rows), 4):
                    after = tuple(rows[place][key.lstrip("-")] for key in order)
                    later = Cut(cut.columns, order, len(after), stop=3)
                    assert question.rows(later, after) == rows[place + 1 : place + 4]
        for build in (review_asked_for, review_of_author):
            for key in (names["review"], names["open_review"], 0):
                question = Question(build, viewer=viewer, key=key)
                cut = Cut(review_shape.columns, stop=1)
                assert question.rows(cut) == list(cut.of(question.queryset(), ()))


def whole(*, key: Any) -> ReviewQuerySet:
    """A review with what it belongs to."""
    found: ReviewQuerySet = Review.objects.filter(pk=key).select_related("club", "author", "book")
    return found


@pytest.mark.django_db
def test_a_review_of_no_club_has_none_when_it_is_made_from_a_row(
    django_assert_num_queries: Any,
) -> None:
    review = ReviewFactory(club=None)
    found = Question(whole, key=review.pk).first()
    ordinary = whole(key=review.pk).get()
    assert vars(found) | {"_state": 0} == vars(ordinary) | {"_state": 0}
    with django_assert_num_queries(0):
        assert found.club is None
        for name in ("author", "book"):
            one, other = getattr(found, name), getattr(ordinary, name)
            assert vars(one) | {"_state": 0} == vars(other) | {"_state": 0}
