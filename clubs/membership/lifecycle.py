"""Telling what lies above what becomes of a club (`settings.CLUB_LIFECYCLE`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def tell_lifecycle(event: str, **what: Any) -> None:
    """Call `event` of every module that wants to know what becomes of a club."""
    for module in settings.CLUB_LIFECYCLE:
        import_string(f"{module}.{event}")(**what)
