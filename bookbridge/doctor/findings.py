"""What the doctor says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is a problem."""

    area: str
    text: str
    advice: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether somebody must do something."""
        return bool(self.advice)


Question = Callable[[], Iterator[Finding]]
