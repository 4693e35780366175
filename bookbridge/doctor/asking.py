"""Asking all questions; one that cannot be answered is a finding too."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from bookbridge.doctor import cache, database, keys, machine, outbox, replicas, settings
from bookbridge.doctor.findings import Finding, Question

QUESTIONS: tuple[Question, ...] = (
    *settings.QUESTIONS,
    *database.QUESTIONS,
    *replicas.QUESTIONS,
    *cache.QUESTIONS,
    *keys.QUESTIONS,
    *outbox.QUESTIONS,
    *machine.QUESTIONS,
)


def findings() -> Iterator[Finding]:
    """What all questions find, whatever goes wrong meanwhile."""
    for question in QUESTIONS:
        area = question.__module__.rpartition(".")[2]
        try:
            yield from question()
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            yield Finding(
                area,
                f"{question.__name__} could not be looked at: {reason[0]}",
                "solve the problems above first, then ask again",
            )
            if not connection.in_atomic_block:
                connection.close()
