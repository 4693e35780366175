"""Walking all checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from time import monotonic
from typing import Any

from bookbridge.invariants import (
    books,
    clubs,
    counts,
    lists,
    opinions,
    outbox,
    readers,
    search,
    storage,
)
from bookbridge.invariants.checks import Check

CHECKS: tuple[Check, ...] = (
    *storage.CHECKS,
    *readers.CHECKS,
    *clubs.CHECKS,
    *books.CHECKS,
    *lists.CHECKS,
    *opinions.CHECKS,
    *counts.CHECKS,
    *search.CHECKS,
    *outbox.CHECKS,
)
#: More differences of one kind than that tell nobody more.
SHOWN = 1_000

Difference = dict[str, Any]


def differences(
    checks: Iterable[Check] = CHECKS,
    *,
    shown: int = SHOWN,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Difference]:
    """Everything that is not as it must be, at most `shown` for each check.

    Arguments:
        tell: is told one line for each check.
    """
    found: list[Difference] = []
    for check in checks:
        begun = monotonic()
        rows = list(islice(check.find(), shown))
        found += [
            {"check": check.name, "rule": check.rule, "table": check.table, **row} for row in rows
        ]
        number = f"{shown} or more" if len(rows) == shown else f"{len(rows)}"
        verdict = f"{number} differences" if rows else "ok"
        tell(f"{check.name:34} {verdict:24} {monotonic() - begun:6.2f} s")
    return found
