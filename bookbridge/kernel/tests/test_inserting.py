"""A row is inserted in one statement, or not at all where its place is taken."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookbridge.kernel.inserting import insert_new
from bookbridge.kernel.models import IdempotencyKey

pytestmark = pytest.mark.django_db


def answer(reader: Any, **changes: Any) -> IdempotencyKey:
    given = {"path": "p", "key": "k", "fingerprint": "f", "status": 201, "body": "{}"}
    return IdempotencyKey(user=reader, created_at=timezone.now(), **given | changes)


def test_a_new_row_is_there_as_it_was_given() -> None:
    reader = get_user_model().objects.create(username="ana")
    row = answer(reader, location="somewhere")
    with CaptureQueriesContext(connection) as asked:
        assert insert_new(row)
    assert len(asked) == 1
    assert not row._state.adding
    kept = IdempotencyKey.objects.get(pk=row.pk)
    assert vars(kept) | {"_state": 0} == {
        name: value for name, value in vars(row).items() if name != "_state"
    } | {"_state": 0}


def test_where_its_place_is_taken_nothing_happens_and_the_transaction_goes_on() -> None:
    reader = get_user_model().objects.create(username="ana")
    assert insert_new(answer(reader))
    second = answer(reader, body="other")
    assert not insert_new(second)
    assert second.pk is None
    assert list(IdempotencyKey.objects.values_list("body", flat=True)) == ["{}"]
    assert insert_new(answer(reader, key="another"))
