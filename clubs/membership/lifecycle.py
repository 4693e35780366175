"""Telling what lies above what becomes of a club (`settings.CLUB_LIFECYCLE`)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings


def tell_lifecycle(event: str, **what: Any) -> None:
    """Call `event` of every module that wants to know what becomes of a club."""
    for module in settings.CLUB_LIFECYCLE:
        concerned = getattr(import_module(module), event, None)
        if concerned is not None:
            concerned(**what)
