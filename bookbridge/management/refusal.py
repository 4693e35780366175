"""What commands refuse: example data where real people are."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError


def settings_module() -> str:
    """The name of the settings in use."""
    return str(settings.SETTINGS_MODULE or os.environ.get("DJANGO_SETTINGS_MODULE", ""))


def is_production() -> bool:
    """Whether these are the settings of a server on the internet."""
    return settings_module().endswith(".production")


def refuse_in_production(reason: str, options: dict[str, Any]) -> None:
    """Stop under production settings, unless `--force` was given.

    Raises:
        CommandError: says why, and how to do it all the same.
    """
    if is_production() and not options["force"]:
        raise CommandError(
            f"These are production settings: {reason}. If you mean it: repeat it with --force"
        )
