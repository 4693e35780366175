"""Fixtures of the tests of statistics."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bookbridge.kernel import cache as kernel_cache
from stats.tests.figures import Clock
from stats.tests.world import NOW


@pytest.fixture
def patient_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred threads on a busy machine are slow; that is no reason to do without Redis here."""
    monkeypatch.setattr(kernel_cache, "SLOW_PART", 200.0)
    for circuit in kernel_cache._circuits.values():
        circuit.__init__()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
