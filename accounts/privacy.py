"""Taking one's data out, and leaving: a walk over all apps that keep something of readers.

`settings.PERSONAL_DATA` lists modules with `export(reader)` and `erase(reader)`, lower apps
first; so accounts need not import what lies above. Erasing goes the other way round: what was
built on the account goes first, the account itself last.
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
from bookbridge.kernel.transactions import transactional


def erase(reader: User) -> None:
    """Remove everything personal of `reader` in one transaction; `reader` is then a tombstone.

    That the reader left is noted outside the database after the commit, see `erasures`.
    """
    _erase(reader)
    reader.refresh_from_db()
    transaction.on_commit(partial(erasures.note_committed, reader.uid))


@transactional
def export(reader: User) -> dict[str, Any]:
    """Everything that is the reader's, by the name of the app that keeps it."""
    return {module.__name__.split(".")[0]: module.export(reader) for module in _modules()}


@transactional
def _erase(reader: User) -> None:
    for module in reversed(_modules()):
        module.erase(reader)


def _modules() -> list[ModuleType]:
    return [import_module(name) for name in settings.PERSONAL_DATA]
