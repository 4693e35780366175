"""Transactions of services: all or nothing, tried again when the database asks for it."""

from __future__ import annotations

import functools
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.apps import apps
from django.db import IntegrityError, OperationalError, models, transaction

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

TRIES = 3
# Serialization failure and deadlock: the database undid the transaction and asks for another
# try. A SQLite file that stays locked is not among them: the wait is over, the answer is 503.
WORTH_ANOTHER_TRY = {"40001", "40P01"}
UNIQUE_VIOLATION = "23505"


_one_act: ContextVar[bool] = ContextVar("bookbridge_one_act", default=False)


@contextmanager
def one_act() -> Iterator[None]:
    """Around one act in a transaction of its own, which ends with it whatever it refuses."""
    token = _one_act.set(True)
    try:
        yield
    finally:
        _one_act.reset(token)


def transactional(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run `function` in one transaction.

    The outermost call runs again, at most three times in all, when PostgreSQL chose it as the
    victim of a deadlock or a serialization failure; an inner call is a savepoint of the outer
    one and leaves that to it. So `function` must touch nothing but the database.
    """
    return _in_transaction(function, always_savepoint=True)


def transactional_whole(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same without a savepoint inside `one_act`: what it refuses undoes the whole act.

    For services whose refusal nobody catches to go on with something else.
    """
    return _in_transaction(function, always_savepoint=False)


def _in_transaction(
    function: Callable[Arguments, Result], *, always_savepoint: bool
) -> Callable[Arguments, Result]:

    @functools.wraps(function)
    def in_transaction(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        outermost = not transaction.get_connection().in_atomic_block
        tries_left = TRIES if outermost else 1
        while True:
            tries_left -= 1
            try:
                with transaction.atomic(savepoint=always_savepoint or not _one_act.get()):
                    return function(*args, **kwargs)
            except OperationalError as error:
                if not tries_left or _sqlstate(error) not in WORTH_ANOTHER_TRY:
                    raise
            time.sleep(random.uniform(0.002, 0.02))  # noqa: S311

    return in_transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Read many tables as they were at one moment; nothing may be written meanwhile.

    In a transaction that is under way already (a test) it is that one's view.
    """
    connection = transaction.get_connection()
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def refuse_duplicate(
    error: Exception | Callable[[], Exception], *constraint_names: str
) -> Iterator[None]:
    """Raise `error` when the block breaks a unique constraint (one of the named, if any are).

    The block is a savepoint, so the transaction around it stays usable; `error` may be a
    function, called after the savepoint was undone, that looks for the row in the way. Every
    other integrity error passes: it is a fault of ours, not a race that somebody lost.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as violation:
        broken = _broken_unique_constraints(violation)
        if broken is None or (constraint_names and broken.isdisjoint(constraint_names)):
            raise
    else:
        return
    raise (error if isinstance(error, Exception) else error()) from None


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _broken_unique_constraints(violation: IntegrityError) -> set[str] | None:
    """Names that the broken unique constraint may have; None when it is of another kind."""
    cause = violation.__cause__
    if _sqlstate(violation) is not None:
        if _sqlstate(violation) != UNIQUE_VIOLATION:
            return None
        name = getattr(getattr(cause, "diag", None), "constraint_name", None)
        return {name} if name else set()
    return _named_by_sqlite(str(violation))


def _named_by_sqlite(message: str) -> set[str] | None:
    """SQLite names an index over expressions, and for all others only table and columns."""
    if named := re.search(r"UNIQUE constraint failed: index '([^']+)'", message):
        return {named[1]}
    if not (listed := re.search(r"UNIQUE constraint failed: (.+)", message)):
        return None
    pairs = [part.strip().rpartition(".") for part in listed[1].split(",")]
    table, columns = pairs[0][0], [column for _table, _dot, column in pairs]
    # The name that PostgreSQL gives to the constraint of a field with `unique=True`.
    names = {f"{table}_{'_'.join(columns)}_key"}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            names |= _constraints_over(model, set(columns))
            if model._meta.pk is not None and columns == [model._meta.pk.column]:
                names.add(f"{table}_pkey")
    return names


def _constraints_over(model: type[models.Model], columns: set[str]) -> set[str]:
    return {
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        and {getattr(model._meta.get_field(name), "column", name) for name in constraint.fields}
        == columns
    }
