"""Instances made from rows are those that the ORM makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet, Value
from django.db.models.signals import post_init, pre_init
from django.utils import timezone

from bookbridge.kernel import compiled, instances
from bookbridge.kernel.compiled import Cut, Question
from bookbridge.kernel.models import IdempotencyKey


def kept(*, short: bool) -> QuerySet[IdempotencyKey]:
    """Rows with their readers, whole or in part, and an annotation."""
    found = IdempotencyKey.objects.select_related("user").annotate(extra=Value("x")).order_by("pk")
    return found.only("path", "key", "user__username") if short else found


def keys_alone() -> QuerySet[IdempotencyKey]:
    """Nothing but keys."""
    return IdempotencyKey.objects.only("pk").order_by("pk")


def permissions() -> QuerySet[Permission]:
    """A model of Django, with what it belongs to."""
    return Permission.objects.select_related("content_type").order_by("pk")


@pytest.fixture(autouse=True)
def _rows(db: None) -> Iterator[None]:
    compiled._plan.cache_clear()
    reader = get_user_model().objects.create(username="ana", display_name="Ana")
    for number in range(3):
        IdempotencyKey.objects.create(
            user=reader,
            path="p",
            key=f"k{number}",
            fingerprint="f",
            status=200,
            body="",
            created_at=timezone.now(),
        )
    yield
    compiled._plan.cache_clear()


def inside(thing: Any) -> Any:
    """All that an instance keeps, and what the things next to it keep."""
    if not hasattr(thing, "_state"):
        return thing
    state = vars(thing._state) | {"adding": thing._state.adding}
    near = {name: inside(other) for name, other in state.pop("fields_cache", {}).items()}
    return vars(thing) | {"_state": (type(thing._state), state, near)}


@pytest.mark.parametrize(
    "question",
    [
        Question(kept, short=True),
        Question(kept, short=False),
        Question(keys_alone),
        Question(permissions),
    ],
)
def test_they_keep_what_those_of_the_orm_keep(question: Question) -> None:
    made, ordinary = question.rows(Cut()), list(question.queryset())
    assert made
    assert [type(each) for each in made] == [type(each) for each in ordinary]
    assert [inside(each) for each in made] == [inside(each) for each in ordinary]
    assert [each.get_deferred_fields() for each in made] == [
        each.get_deferred_fields() for each in ordinary
    ]


def test_what_is_deferred_comes_when_it_is_asked_for(django_assert_num_queries: Any) -> None:
    found = Question(kept, short=True).rows(Cut())[0]
    with django_assert_num_queries(0):
        assert (found.key, found.user.username, found.extra) == ("k0", "ana", "x")
    with django_assert_num_queries(2):
        assert (found.status, found.user.display_name) == (200, "Ana")
    found.key = "changed"
    found.save(update_fields=["key"])
    assert IdempotencyKey.objects.get(pk=found.pk).key == "changed"


@pytest.mark.parametrize("signal", [pre_init, post_init])
def test_who_listens_is_told(signal: Any) -> None:
    told: list[Any] = []

    def listener(sender: Any, **_rest: Any) -> None:
        told.append(sender)

    signal.connect(listener, sender=IdempotencyKey)
    try:
        assert len(Question(kept, short=False).rows(Cut())) == 3
    finally:
        signal.disconnect(listener, sender=IdempotencyKey)
    assert told == [IdempotencyKey] * 3
    Question(kept, short=False).rows(Cut())
    assert len(told) == 3


def test_models_that_do_something_of_their_own_are_left_to_the_orm() -> None:
    class Loud(Group):
        class Meta:
            proxy = True
            app_label = "auth"

        @classmethod
        def from_db(cls, *args: Any) -> Any:
            return super().from_db(*args)

    assert instances._is_plain(Group, ["id", "name"])
    assert not instances._is_plain(Loud, ["id", "name"])
