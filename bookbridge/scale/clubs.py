"""The clubs of an invented platform, and who belongs to them."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from bookbridge.kernel.markdown import render
from bookbridge.kernel.text import searchable
from bookbridge.scale import sizes
from bookbridge.scale.bulk import DAY, Table, moment
from bookbridge.scale.readers import ZONES, Crowd
from bookbridge.scale.words import circle
from clubs.membership.slugs import plain_slug
from clubs.models import Club, Invitation, Membership

MEMBERS_FOR_EACH_READER = 3
LARGEST = 2_000
OLDEST_DAYS, YOUNGEST_DAYS = 1_000, 60
#: Visibility, policy and how many clubs of a hundred have them.
KINDS = {
    ("public", "open"): 55,
    ("public", "request"): 15,
    ("private", "request"): 15,
    ("private", "invite"): 6,
    ("hidden", "invite"): 9,
}
#: Besides the members: where some others stand, for a hundred members.
OTHERS_IN_100 = {"left": 6, "removed": 1, "banned": 1, "requested": 2, "invited": 2}
DESCRIPTION = "We read *one book a month* and talk about it. Newcomers are welcome."
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Circle:
    """A club, its members by number with the moments of joining, the owner first."""

    key: int
    visibility: str
    founded: int
    members: list[tuple[int, int]]


class Clubs:
    """Writes clubs one by one, so that what hangs on each can be written while it is at hand."""

    def __init__(self, number: int, crowd: Crowd, *, now: int, chance: random.Random) -> None:
        self.crowd, self.now, self.chance = crowd, now, chance
        largest = min(LARGEST, len(crowd) // 2)
        total = min(len(crowd) * MEMBERS_FOR_EACH_READER, number * largest * 3 // 4)
        parts = sizes.weights(number, 0.6)
        self.seats = sizes.shares(max(total, number), parts, most=largest, least=1)
        self.html = render(DESCRIPTION)
        self.slugs = set(Club.objects.values_list("slug", flat=True))
        self.clubs = Table(
            Club, "id", "name", "slug", "description", "description_html", "language", "time_zone",
            "visibility", "join_policy", "members_count", "search_text", "created_at",
            "updated_at",
        )  # fmt: skip
        self.memberships = Table(
            Membership, "id", "club_id", "reader_id", "state", "role", "joined_at", "removed_at",
            "created_at", "updated_at",
        )  # fmt: skip
        self.invitations = Table(
            Invitation, "id", "club_id", "created_by_id", "reader_id", "created_at"
        )

    def found(self, place: int) -> Circle:
        """Write one club with its members."""
        chance, now = self.chance, self.now
        age = YOUNGEST_DAYS + chance.random() * (OLDEST_DAYS - YOUNGEST_DAYS)
        founded = max(now - int(age * DAY), self.crowd.since[0] + DAY)
        visibility, policy = chance.choices(list(KINDS), list(KINDS.values()))[0]
        owner = chance.randrange(self.crowd.here_at(founded))
        members = [(owner, founded)]
        others = int(self.seats[place] * sum(OTHERS_IN_100.values()) / 100 + chance.random())
        for reader in chance.sample(range(len(self.crowd)), self.seats[place] + others):
            if reader != owner:
                earliest = max(founded, self.crowd.since[reader])
                members.append((reader, earliest + int(chance.random() * (now - earliest))))
        inside, outside = members[: self.seats[place]], members[self.seats[place] :]
        made = Circle(self.clubs.key(), visibility, founded, inside)
        self._write_club(made, policy)
        for number, (reader, at) in enumerate(inside):
            role = "owner" if not number else "moderator" if number % 60 == 1 else "member"
            self._write_membership(made, reader, "active", role, at)
        states = chance.choices(list(OTHERS_IN_100), list(OTHERS_IN_100.values()), k=len(outside))
        for (reader, at), state in zip(outside, states, strict=True):
            self._write_membership(made, reader, state, "member", at)
            if state == "invited":
                self.invitations.add(
                    self.invitations.key(),
                    made.key,
                    self.crowd.key(owner),
                    self.crowd.key(reader),
                    moment(at),
                )
        return made

    def close(self) -> None:
        """Write what is left."""
        for table in (self.clubs, self.memberships, self.invitations):
            table.close()

    def _write_club(self, made: Circle, policy: str) -> None:
        name = circle(self.chance)
        language = self.crowd.languages[made.members[0][0]]
        since = moment(made.founded)
        self.clubs.add(
            made.key,
            name,
            self._slug(name),
            DESCRIPTION,
            self.html,
            language,
            self.chance.choice(ZONES[language]),
            made.visibility,
            policy,
            len(made.members),
            searchable(name, DESCRIPTION),
            since,
            since,
        )

    def _write_membership(self, made: Circle, reader: int, state: str, role: str, at: int) -> None:
        since = moment(at)
        self.memberships.add(
            self.memberships.key(),
            made.key,
            self.crowd.key(reader),
            state,
            role,
            since if state == "active" else None,
            since if state in ("removed", "banned") else None,
            since,
            since,
        )

    def _slug(self, name: str) -> str:
        while True:
            slug = f"{plain_slug(name)}-{''.join(self.chance.choices(_ALPHABET, k=6))}"
            if slug not in self.slugs:
                self.slugs.add(slug)
                return slug
