"""Doing something in many threads that start together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(number: int, act: Callable[[], Any]) -> list[Any]:
    """What `act` gives in so many threads that start together."""
    start, results = threading.Barrier(number, timeout=30), []

    def worker() -> None:
        start.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
