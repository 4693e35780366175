"""Rows are changed as the ORM would change them, each in one statement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookbridge.kernel.models import IdempotencyKey
from bookbridge.kernel.updating import step, write_fields

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=9)


@pytest.fixture
def rows() -> list[IdempotencyKey]:
    """Two rows that differ in their keys alone, and one that nobody touches."""
    reader = get_user_model().objects.create(username="ana")
    same = {"user": reader, "path": "p", "fingerprint": "f", "created_at": LONG_AGO}
    return [
        IdempotencyKey.objects.create(key=key, status=200, etag_version=1, **same)
        for key in ("ours", "orm", "other")
    ]


def kept(row: IdempotencyKey) -> dict[str, Any]:
    found = vars(IdempotencyKey.objects.get(pk=row.pk))
    return {name: found[name] for name in found if name not in ("_state", "id", "key")}


def test_fields_are_written_as_save_writes_them(rows: list[IdempotencyKey]) -> None:
    ours, orm, other = rows
    untouched, moment = kept(other), timezone.now()
    for row in (ours, orm):
        row.status, row.body, row.etag_version, row.created_at = 201, "100 % \u00e9", None, moment
        row.location = "not written"
    names = ("status", "body", "etag_version", "created_at")
    with CaptureQueriesContext(connection) as asked:
        write_fields(ours, *names)
    assert len(asked) == 1
    orm.save(update_fields=names)
    assert kept(ours) == kept(orm)
    assert kept(ours)["location"] == ""
    assert kept(other) == untouched


def test_a_foreign_key_is_named_as_in_save_and_a_name_may_come_twice(
    rows: list[IdempotencyKey],
) -> None:
    ours, orm, _other = rows
    ben = get_user_model().objects.create(username="ben")
    for row in (ours, orm):
        row.user = ben
    write_fields(ours, "user", "user")
    orm.save(update_fields=["user"])
    assert kept(ours) == kept(orm)
    assert kept(ours)["user_id"] == ben.pk


def test_the_moment_of_the_last_change_moves_with_its_field() -> None:
    reader = get_user_model().objects.create(username="ana")
    get_user_model().objects.update(updated_at=LONG_AGO)
    write_fields(reader, "language")
    assert get_user_model().objects.get().updated_at == LONG_AGO
    write_fields(reader, "language", "updated_at")
    assert get_user_model().objects.get().updated_at == reader.updated_at > LONG_AGO


def test_steps_add_up_as_those_of_an_update(rows: list[IdempotencyKey]) -> None:
    ours, orm, other = rows
    untouched = kept(other)
    for steps in ({"status": 3, "etag_version": 1}, {"status": -2}, {"etag_version": 40_000}):
        with CaptureQueriesContext(connection) as asked:
            assert step(IdempotencyKey, ours.pk, **steps)
        assert len(asked) == 1
        changes = {name: F(name) + number for name, number in steps.items()}
        IdempotencyKey.objects.filter(pk=orm.pk).update(**changes)
        assert kept(ours) == kept(orm)
    assert kept(ours)["status"] == 201
    assert kept(other) == untouched


def test_a_row_that_is_gone_is_noticed(rows: list[IdempotencyKey]) -> None:
    ours = rows[0]
    IdempotencyKey.objects.filter(pk=ours.pk).delete()
    assert not step(IdempotencyKey, ours.pk, status=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        write_fields(ours, "status")


@pytest.mark.parametrize(("name", "error"), [("id", TypeError), ("nothing", FieldDoesNotExist)])
def test_only_columns_beside_the_key_are_written(
    rows: list[IdempotencyKey], name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        write_fields(rows[0], name)
    with pytest.raises(error):
        step(IdempotencyKey, rows[0].pk, **{name: 1})
