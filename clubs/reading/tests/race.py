"""Many clients at the same moment: real threads, each with its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Run all `acts` at once and give their results; what one raises is its result."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=20)
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def statuses(responses: Sequence[Any]) -> list[int]:
    """The statuses of all answers, sorted."""
    for response in responses:
        if isinstance(response, Exception):
            raise response
    return sorted(response.status_code for response in responses)
