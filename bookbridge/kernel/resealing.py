"""Giving everything that is sealed to a new key: the columns whose names begin with `sealed_`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model

from bookbridge.kernel.sealing import CannotOpen, is_sealed_with_first_key, reseal

#: So many rows are read at a time; each is written in a statement of its own.
AT_ONCE = 500


@dataclass
class Outcome:
    """What became of the secrets of one column: how many there are of each kind."""

    current: int = 0
    resealed: int = 0
    lost: int = 0


def sealed_columns() -> list[tuple[type[Model], str]]:
    """Every column that holds sealed texts, of all apps, in the order of their names."""
    return [
        (model, field.name)
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label)
        for field in model._meta.concrete_fields
        if field.name.startswith("sealed_")
    ]


def count_sealed(model: type[Model], column: str) -> int:
    """How many rows have something sealed there."""
    return model._default_manager.exclude(**{column: ""}).count()


def reseal_column(model: type[Model], column: str, *, dry_run: bool = False) -> Iterator[Outcome]:
    """Walk the column by key and seal with the first key what another one sealed.

    Gives the outcome so far after each row. A row that changed meanwhile is left as it then is:
    whatever is written now is sealed with the first key already. Safe to repeat and to interrupt.
    """
    rows: Any = model._default_manager.exclude(**{column: ""}).order_by("pk")
    outcome, last = Outcome(), None
    while batch := list(
        (rows if last is None else rows.filter(pk__gt=last)).values_list("pk", column)[:AT_ONCE]
    ):
        for pk, sealed in batch:
            if is_sealed_with_first_key(sealed):
                outcome.current += 1
            else:
                _reseal_row(model, column, pk, sealed, outcome, dry_run=dry_run)
            yield outcome
        last = batch[-1][0]


def _reseal_row(
    model: type[Model], column: str, pk: Any, sealed: str, outcome: Outcome, *, dry_run: bool
) -> None:
    try:
        renewed = reseal(sealed)
    except CannotOpen:
        outcome.lost += 1
        return
    if not dry_run:
        same: Any = model._default_manager.filter(**{"pk": pk, column: sealed})
        same.update(**{column: renewed})
    outcome.resealed += 1
