"""A handler that notes what it was asked to do, and fails when it is told to."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.handlers import Away, Hopeless, Task
from bookbridge.kernel.outbox.services import enqueue

HANDLERS = {"note": "bookbridge.kernel.outbox.tests.doing.note"}

done: list[Any] = []
tasks: list[Task] = []
trouble: dict[Any, Exception] = {}


def note(task: Task) -> None:
    """Remember it; raise what `trouble` has for it, or for everything."""
    tasks.append(task)
    what = task.payload["what"]
    for key in (what, "all"):
        if key in trouble:
            raise trouble[key]
    done.append(what)


def put(what: Any, **options: Any) -> OutboxJob:
    """A job that notes `what`."""
    with transaction.atomic():
        return enqueue("note", {"what": what}, **options)


def away() -> Exception:
    """What the job needs is away."""
    return Away("nobody answers")


def hopeless() -> Exception:
    """It will never go better."""
    return Hopeless("never")
