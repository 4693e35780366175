"""The reading lists of an invented platform, and which reviews are written in clubs."""

from __future__ import annotations

import random
from collections import defaultdict

from bookbridge.demo.reading import PITCHES, ROADS
from bookbridge.scale import sizes
from bookbridge.scale.books import Shelf
from bookbridge.scale.bulk import DAY, Table, day, moment
from bookbridge.scale.clubs import Circle
from bookbridge.scale.readers import Crowd
from clubs.models import EntryMove, ListEntry, Support

#: So many of all reviews, in a hundred, are written in clubs, at most.
IN_CLUBS_IN_100 = 12
#: So many members, in a hundred, review what their club reads there.
REVIEWED_THERE_IN_100 = 20

#: By the place of a book: who reviews it in which club, and not before when.
InClubs = dict[int, list[tuple[int, int, int]]]


class Lists:
    """Writes the list of one club after the other."""

    def __init__(
        self, shelf: Shelf, crowd: Crowd, *, reviews: int, now: int, chance: random.Random
    ) -> None:
        self.shelf, self.crowd, self.now, self.chance = shelf, crowd, now, chance
        self.popularity = sizes.cumulated(sizes.weights(shelf.number))
        self.left = reviews * IN_CLUBS_IN_100 // 100
        self.in_clubs: InClubs = defaultdict(list)
        self.entries = Table(
            ListEntry, "id", "club_id", "book_id", "status", "position", "pitch",
            "proposed_by_id", "supporters_count", "started_on", "finished_on", "created_at",
            "updated_at",
        )  # fmt: skip
        self.moves = Table(
            EntryMove, "id", "entry_id", "from_status", "to_status", "moved_by_id", "moved_at"
        )
        self.supports = Table(Support, "id", "entry_id", "reader_id", "created_at")

    def fill(self, made: Circle) -> None:
        """Write one list: what was read in order, what is read, and what may be."""
        chance = self.chance
        life = self.now - made.founded
        finished = min(chance.randint(2, 10), life // (30 * DAY))
        statuses = ["finished"] * finished + ["reading", "planned", "dropped"]
        statuses += ["proposed"] * chance.randint(1, 4)
        places = range(self.shelf.number)
        chosen = dict.fromkeys(
            chance.choices(places, cum_weights=self.popularity, k=len(statuses) * 2)
        )
        step = life // (finished + 2)
        for position, (place, status) in enumerate(zip(chosen, statuses, strict=False), start=1):
            began = made.founded + step * position if status == "finished" else self.now - 20 * DAY
            self._write(made, place, status, position, max(began, made.founded))

    def close(self) -> None:
        """Write what is left."""
        for table in (self.entries, self.moves, self.supports):
            table.close()

    def _write(self, made: Circle, place: int, status: str, position: int, began: int) -> None:
        chance = self.chance
        road = ["proposed", *ROADS[status]]  # type: ignore[index]
        pace = min((self.now - began) // 2, 20 * DAY) // len(road)
        times = [began + pace * number for number in range(len(road))]
        proposer = self.crowd.key(made.members[0][0])
        key = self.entries.key()
        supporters = self._support(key, made, times[0]) if status == "proposed" else 0
        begun = status in ("reading", "finished")
        self.entries.add(
            key,
            made.key,
            self.shelf.key(place),
            status,
            position,
            chance.choice(PITCHES["en"]) if chance.random() < 0.5 else "",
            proposer,
            supporters,
            day(times[2] // DAY) if begun else None,
            day(times[3] // DAY) if status == "finished" else None,
            moment(times[0]),
            moment(times[-1]),
        )
        before = ""
        for after, at in zip(road, times, strict=True):
            self.moves.add(self.moves.key(), key, before, after, proposer, moment(at))
            before = after
        if begun:
            self._plan_reviews(made, place, times[2])

    def _support(self, entry: int, made: Circle, since: int) -> int:
        supporters = self.chance.sample(
            made.members, min(len(made.members), self.chance.randint(0, 6))
        )
        for reader, joined in supporters:
            self.supports.add(
                self.supports.key(), entry, self.crowd.key(reader), moment(max(since, joined))
            )
        return len(supporters)

    def _plan_reviews(self, made: Circle, place: int, since: int) -> None:
        for reader, joined in made.members:
            if self.left <= 0:
                return
            if self.chance.random() * 100 < REVIEWED_THERE_IN_100:
                self.in_clubs[place].append((reader, made.key, max(since, joined)))
                self.left -= 1
