"""A row is inserted in one statement, or not at all where its place is taken."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from bookbridge.kernel.inserting import insert, insert_new
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


def test_a_row_is_inserted_as_save_inserts_it() -> None:
    reader = get_user_model().objects.create(username="ana")
    ours, orm = answer(reader, etag_version=7), answer(reader, key="other", etag_version=7)
    with CaptureQueriesContext(connection) as asked:
        insert(ours)
    assert len(asked) == 1
    orm.created_at = ours.created_at
    orm.save(force_insert=True)
    rows = [vars(IdempotencyKey.objects.get(pk=row.pk)) for row in (ours, orm)]
    left, right = (row | {"_state": 0, "id": 0, "key": ""} for row in rows)
    assert left == right
    assert not ours._state.adding


def test_a_row_whose_place_is_taken_is_an_error() -> None:
    reader = get_user_model().objects.create(username="ana")
    insert(answer(reader))
    second = answer(reader, body="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(second)
    assert second.pk is None
    assert IdempotencyKey.objects.count() == 1


def test_where_its_place_is_taken_nothing_happens_and_the_transaction_goes_on() -> None:
    reader = get_user_model().objects.create(username="ana")
    assert insert_new(answer(reader))
    second = answer(reader, body="other")
    assert not insert_new(second)
    assert second.pk is None
    assert list(IdempotencyKey.objects.values_list("body", flat=True)) == ["{}"]
    assert insert_new(answer(reader, key="another"))


@pytest.mark.parametrize(
    "given",
    [
        {"key": 7, "status": "201", "etag_version": True},
        {"status": 201, "user_id": "{reader}"},
        {"body": mark_safe("<b>"), "location": gettext_lazy("Not found.")},
    ],
)
def test_values_of_other_types_are_what_save_makes_of_them(given: dict[str, Any]) -> None:
    reader = get_user_model().objects.create(username="ana")
    values = {
        name: str(reader.pk) if value == "{reader}" else value for name, value in given.items()
    }
    ours, orm = answer(reader, **values), answer(reader, **{**values, "path": "elsewhere"})
    insert(ours)
    orm.created_at = ours.created_at
    orm.save(force_insert=True)
    left, right = (
        vars(IdempotencyKey.objects.get(pk=row.pk)) | {"_state": 0, "id": 0, "path": ""}
        for row in (ours, orm)
    )
    assert left == right
