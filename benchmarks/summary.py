"""Many rounds as few numbers: medians with their ranges, and ratios between contenders."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The middle of several values, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def as_json(self) -> dict[str, float]:
        """As it is kept."""
        return {name: round(value, 4) for name, value in vars(self).items()}


def condensed(rounds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The spread of each figure over the rounds of one workload of one contender."""
    names = dict.fromkeys(name for figures in rounds for name in figures)
    return {
        name: Spread.of([figures[name] for figures in rounds if name in figures]).as_json()
        for name in names
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times as much we do, round by round: both were measured in the same minutes."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])


def ratios(rounds: Mapping[str, Sequence[Mapping[str, float]]], of: str) -> dict[str, Any]:
    """The ratios of requests a second of one contender to each of the others."""
    if of not in rounds:
        return {}
    ours = [figures["per_second"] for figures in rounds[of]]
    return {
        name: ratio(ours, [figures["per_second"] for figures in found]).as_json()
        for name, found in rounds.items()
        if name != of and len(found) == len(ours)
    }
