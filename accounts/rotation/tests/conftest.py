"""Keys of the database are read, by a process that has read none yet."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import keys


@pytest.fixture(autouse=True)
def _keys_of_the_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.JWT_KEYRING_SECONDS = 10
    settings.JWT_SIGNING_KEYS = settings.JWT_SIGNING_KEYS[:1]
    monkeypatch.setattr(keys, "_reader", keys._Reader())
