"""Taking one's data out, and leaving: a walk over all apps that keep something of readers.

`settings.PERSONAL_DATA` lists modules, lower apps first, so that accounts need not import what
lies above. Each has

- `PERSONAL` and `EXEMPT`: which fields of its models tell something about a person, and why
  others, which could, do not;
- `export(reader)` with its schema `ExportSerializer`: what is theirs, long lists as iterators;
- `erase(reader)`, and where others depend on the reader `hand_on(reader)`.

Erasing goes the other way round: what was built on the account goes first, the account itself
last. Modules of one app share its place in an export.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import erasures
from accounts.models import User
from bookbridge.kernel.taking_out import held
from bookbridge.kernel.transactions import transactional


@transactional
def hand_on(reader: User) -> None:
    """Give what others depend on to somebody else: the first step of leaving."""
    for module in reversed(modules()):
        if hasattr(module, "hand_on"):
            module.hand_on(reader)


def erase(reader: User) -> None:
    """Remove everything personal of `reader` in one transaction; `reader` is then a tombstone.

    That the reader left is noted outside the database after the commit, see `erasures`.
    """
    _erase(reader)
    reader.refresh_from_db()
    transaction.on_commit(partial(erasures.note_committed, reader.uid))


def sections(reader: User) -> dict[str, dict[str, Any]]:
    """Everything that is the reader's, by the app that keeps it; iterators read when walked."""
    found: dict[str, dict[str, Any]] = {}
    for module in modules():
        found.setdefault(_app_of(module), {}).update(module.export(reader))
    return found


@transactional
def export(reader: User) -> dict[str, Any]:
    """The same, held whole."""
    whole: dict[str, Any] = held(sections(reader))
    return whole


def schemas() -> dict[str, tuple[type[Any], ...]]:
    """The schemas of what `sections` gives, by app."""
    found: dict[str, tuple[type[Any], ...]] = {}
    for module in modules():
        app = _app_of(module)
        found[app] = (*found.get(app, ()), module.ExportSerializer)
    return found


def modules() -> list[ModuleType]:
    """The modules of `PERSONAL_DATA`, in their order."""
    return [import_module(name) for name in settings.PERSONAL_DATA]


@transactional
def _erase(reader: User) -> None:
    for module in reversed(modules()):
        module.erase(reader)


def _app_of(module: ModuleType) -> str:
    return module.__name__.split(".")[0]
