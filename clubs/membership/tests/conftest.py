"""Clubs are tested without what lies above them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _nothing_above(settings: Any) -> None:
    settings.CLUB_LIFECYCLE = []
