"""Jobs that are noted instead of done."""

from __future__ import annotations

from typing import Any

import pytest

from bookbridge.kernel.outbox.tests import doing


@pytest.fixture(autouse=True)
def _handler(settings: Any) -> None:
    settings.OUTBOX_HANDLERS = doing.HANDLERS
    doing.done.clear()
    doing.tasks.clear()
    doing.trouble.clear()
