"""A statistic that counts how often it was computed, a clock, and many readers at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bookbridge.kernel.announcements import changed
from stats import caching

ANA, RUI = 1, 2


class Figure:
    """Something that takes its time to count, and knows how often it was counted."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.truth = 0
        self.computed = 0
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, Any]:
        with self._lock:
            self.computed += 1
            seen = self.truth
        time.sleep(self.seconds)
        return {"n": seen}

    def read(self, reader_id: int | None = None) -> int:
        n: int = caching.answer("figure", self, reader_id=reader_id).data["n"]
        return n

    def write(self, reader_id: int | None, kind: str = "review") -> None:
        self.truth += 1
        changed.send(sender=None, kind=kind, by_id=reader_id)


class Clock:
    """The time of day, put forward by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = time.time
        monkeypatch.setattr(caching.time, "time", lambda: real() + self.ahead)


def at_once(number: int, act: Callable[[], Any]) -> list[Any]:
    ready = threading.Barrier(number)

    def start() -> Any:
        ready.wait()
        return act()

    with ThreadPoolExecutor(number) as pool:
        return [run.result() for run in [pool.submit(start) for _ in range(number)]]
