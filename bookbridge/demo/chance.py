"""What chance decides in the demo; the same seed decides the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bookbridge.demo.data import Record

Thing = TypeVar("Thing")

SEED = 18990101  # the year of Dom Casmurro
#: As readers rate: many like what they chose to read.
STARS = {5: 30, 4: 36, 3: 25, 2: 7, 1: 2}
#: Most reviews that take half a star off, in a hundred.
HALF_STARS_IN_100 = 35
WITH_TEXT_IN_100 = 60
SPOILERS_IN_100 = 5


class Chance:
    """Plausible choices."""

    def __init__(self, now: datetime, seed: int = SEED) -> None:
        self.now = now
        self.random = random.Random(seed)  # noqa: S311  (nothing secret hangs on it)

    def in_100(self, number: int) -> bool:
        """Whether something happens that happens so many times in a hundred."""
        return self.random.random() * 100 < number

    def between(self, earliest: datetime, latest: datetime) -> datetime:
        """A moment, to the second."""
        seconds = max((latest - earliest).total_seconds(), 0)
        return (earliest + timedelta(seconds=int(self.random.random() * seconds))).replace(
            microsecond=0
        )

    def days_ago(self, days: float) -> datetime:
        """A moment so many days before now."""
        return self.now - timedelta(days=days)

    def some(self, things: Sequence[Thing], number: int) -> list[Thing]:
        """So many different things, or all when there are fewer."""
        return self.random.sample(things, min(number, len(things)))

    def popularity(self, books: Sequence[Thing]) -> list[float]:
        """Weights that make a few books known to nearly everybody and many to few."""
        ranks = list(range(1, len(books) + 1))
        self.random.shuffle(ranks)
        return [1 / rank**0.5 for rank in ranks]

    def quality(self) -> int:
        """By how many stars a book is better or worse liked than most."""
        return self.random.choices([-1, 0, 1], [15, 60, 25])[0]

    def half_stars(self, quality: int) -> int:
        """A rating, 1 to 10."""
        stars = self.random.choices(list(STARS), list(STARS.values()))[0]
        if quality and self.in_100(60):
            stars = min(5, max(1, stars + quality))
        return max(1, stars * 2 - (1 if self.in_100(HALF_STARS_IN_100) else 0))

    def opinion(
        self, opinions: dict[str, dict[str, list[Record]]], language: str, rating: int
    ) -> Record:
        """A title and a text that fit the rating, or neither."""
        if not self.in_100(WITH_TEXT_IN_100):
            return {"title": "", "text": ""}
        by_stars = opinions[language if language in opinions else "en"]
        stars = str(min(5, max(2, (rating + 1) // 2)))
        return self.random.choice(by_stars[stars])
