"""Questions: compiled once for each form, and answering as the ordinary way does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.connection import ConnectionDoesNotExist

from bookbridge.kernel import compiled
from bookbridge.kernel.compiled import Cut, Placeholder, Question
from bookbridge.kernel.models import IdempotencyKey

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = ("user_id", "key", "created_at", "etag_version")
NEWEST = ("-created_at", "-id")


def kept(
    *,
    user: Any = None,
    since: Any = None,
    keys: tuple[Any, ...] | None = None,
    starts: Any = None,
    empty: bool | None = None,
    nothing: bool | None = None,
) -> QuerySet[IdempotencyKey]:
    """A query of many forms."""
    found = IdempotencyKey.objects.all()
    if user is not None:
        found = found.filter(user__id=user)
    if since is not None:
        found = found.filter(created_at__gte=since)
    if keys is not None:
        found = found.filter(Q(*(Q(key=key) for key in keys), _connector=Q.OR))
    if starts is not None:
        found = found.filter(key__startswith=starts)
    if empty is not None:
        found = found.filter(etag_version__isnull=empty)
    if nothing:
        found = found.none()
    return found.order_by("id")


@pytest.fixture(autouse=True)
def _rows(db: None) -> None:
    compiled._plan.cache_clear()
    for key in (1, 2, 3):
        get_user_model().objects.create(pk=key, username=f"reader-{key}")
    for number in range(12):
        IdempotencyKey.objects.create(
            user_id=number % 3 + 1,
            path="p",
            key=f"k{number}_%" if number % 2 else f"other-{number}",
            fingerprint="f",
            status=200,
            body="",
            etag_version=number if number % 4 else None,
            created_at=DAY + timedelta(hours=number // 2),
        )


FORMS: list[dict[str, Any]] = [
    {},
    {"user": 2},
    {"user": 2, "since": DAY + timedelta(hours=2)},
    {"keys": ("k1_%", "other-2")},
    {"keys": ("k1_%",)},
    {"starts": "k1_"},
    {"starts": "%"},
    {"empty": True},
    {"empty": False, "user": 1},
    {"nothing": True},
    {"user": 10**30},
    {"user": 3, "keys": ("' OR 1=1 --",)},
]


@pytest.mark.parametrize("given", FORMS)
def test_a_question_answers_like_its_queryset(given: dict[str, Any]) -> None:
    question = Question(kept, **given)
    ordinary = kept(**given)
    for cut in (Cut(COLUMNS), Cut(COLUMNS, order=NEWEST, stop=3), Cut(COLUMNS, start=1, stop=4)):
        assert question.rows(cut) == list(cut.of(ordinary, ()))
        assert question.rows(cut) == list(cut.of(question.queryset(), ()))
    instances = question.rows(Cut())
    assert [vars(each) | {"_state": None} for each in instances] == [
        vars(each) | {"_state": None} for each in ordinary
    ]
    assert all(each._state.db == "default" and not each._state.adding for each in instances)


def test_pages_follow_each_other_to_the_end() -> None:
    found: list[int] = []
    after: tuple[Any, ...] = ()
    while True:
        cut = Cut(("id", "created_at"), NEWEST, len(after), stop=5)
        rows = Question(kept).rows(cut, after)
        if not rows:
            break
        found += [row["id"] for row in rows]
        after = (rows[-1]["created_at"], rows[-1]["id"])
    assert found == list(kept().order_by(*NEWEST).values_list("id", flat=True))


def test_one_form_is_compiled_once_and_asked_in_one_statement() -> None:
    for user in (1, 2, 3):
        with CaptureQueriesContext(connection) as asked:
            rows = Question(kept, user=user).rows(Cut(("user_id",)))
        assert len(asked) == 1
        assert {row["user_id"] for row in rows} == {user}
    assert compiled._plan.cache_info().misses == 1
    Question(kept, user=1, empty=True).rows(Cut(("user_id",)))
    Question(kept, user=1, empty=False).rows(Cut(("user_id",)))
    Question(kept, user=1).rows(Cut(("user_id",), stop=1))
    assert compiled._plan.cache_info().misses == 4


def test_the_first_instance_or_none() -> None:
    first = Question(kept, user=2).first()
    assert first == kept(user=2).first()
    assert Question(kept, user=99).first() is None


def held(*, key: Any) -> QuerySet[IdempotencyKey]:
    """A row to lock, with its reader."""
    rows = IdempotencyKey.objects.select_for_update(of=("self",)).select_related("user")
    return rows.filter(pk=key)


def test_a_lock_is_taken_where_rows_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica cannot lock, and what it shows may be of yesterday."""
    row = IdempotencyKey.objects.order_by("pk")[0]
    monkeypatch.setattr("bookbridge.kernel.compiled.router.db_for_read", lambda _model: "nowhere")
    for _time in range(2):
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            found = Question(held, key=row.pk).first()
            assert found == row
            assert found.user.username == f"reader-{row.user_id}"
        statement = asked[-1]["sql"]
        assert len([each for each in asked if "SELECT" in each["sql"]]) == 1
        assert ("FOR UPDATE" in statement) == connection.features.has_select_for_update
    with pytest.raises(ConnectionDoesNotExist):
        Question(kept, user=1).first()


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_alone() -> None:
    row = IdempotencyKey.objects.order_by("pk")[0]
    with transaction.atomic():
        assert Question(held, key=row.pk).first() == row
    with pytest.raises(TransactionManagementError):
        Question(held, key=row.pk).first()


def test_what_would_compute_with_a_value_that_is_not_there_raises() -> None:
    def joined(*, word: Any) -> QuerySet[IdempotencyKey]:
        return IdempotencyKey.objects.filter(key=f" {word}")

    with pytest.raises(TypeError, match="placeholder"):
        Question(joined, word="x").first()
    assert repr(Placeholder("word"))


def test_a_moment_cannot_be_kept_for_ever() -> None:
    def recent() -> QuerySet[IdempotencyKey]:
        return IdempotencyKey.objects.filter(created_at__gt=timezone.now())

    with pytest.raises(TypeError, match="moment"):
        Question(recent).first()


def test_constants_and_functions_of_the_database_stay_in_the_statement() -> None:
    def spaced(*, word: Any) -> QuerySet[IdempotencyKey]:
        return IdempotencyKey.objects.annotate(both=Concat(Value("<"), "key")).filter(both=word)

    assert [row["key"] for row in Question(spaced, word="<other-2").rows(Cut(("key",)))] == [
        "other-2"
    ]
    assert Question(spaced, word="<other-2").first().both == "<other-2"
