"""A process that serves: what it has loaded is no matter for the collector of garbage."""

from __future__ import annotations

import gc

from bookbridge.warming import settle


def test_what_is_there_is_looked_through_no_more() -> None:
    before = len(gc.get_objects())
    try:
        settle()
        assert gc.get_freeze_count() > before // 2
        assert len(gc.get_objects()) < before // 2
    finally:
        gc.unfreeze()
