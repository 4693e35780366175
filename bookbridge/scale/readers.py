"""The readers of an invented platform."""

from __future__ import annotations

import random
import uuid
from bisect import bisect_right
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from accounts.imported import username_for
from accounts.models import User
from accounts.querysets import SEARCH_TEXT_LENGTH
from bookbridge.kernel.text import searchable
from bookbridge.scale.bulk import DAY, Table, moment
from bookbridge.scale.words import person

#: No mail ever reaches these addresses (RFC 2606), and no person has them.
MAIL_DOMAIN = "scale.example.org"
OLDEST_DAYS = 1_400
#: The data set that imported raters are said to come from.
SOURCE = "scale"
ZONES = {"en": ("UTC", "Europe/London", "America/New_York"), "pt-br": ("America/Sao_Paulo",)}


@dataclass(frozen=True)
class Crowd:
    """Everybody, by number from the first who registered to the last."""

    first_key: int
    since: list[int]
    languages: list[str]

    def key(self, number: int) -> int:
        """The key of a reader."""
        return self.first_key + number

    def here_at(self, at: int) -> int:
        """How many were registered at a moment."""
        return bisect_right(self.since, at)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.since)


def load_readers(number: int, *, now: int, password: str, chance: random.Random) -> Crowd:
    """Write so many readers; `password` is the hash that all of them share."""
    table = Table(
        User, "id", "password", "uid", "username", "email", "email_verified_at", "display_name",
        "language", "time_zone", "search_text", "created_at", "updated_at",
    )  # fmt: skip
    since = sorted(now - 2 * DAY - int(chance.random() * OLDEST_DAYS * DAY) for _ in range(number))
    languages = []
    for place, at in enumerate(since):
        given, family = person(chance)
        username = f"{given}-{family}-{place}".lower()
        language = "pt-br" if chance.random() < 0.4 else "en"
        display_name = f"{given} {family}" if chance.random() < 0.9 else ""
        languages.append(language)
        table.add(
            table.key(),
            password,
            uuid.UUID(int=chance.getrandbits(128), version=4).hex,
            username,
            f"{username}@{MAIL_DOMAIN}",
            moment(at),
            display_name,
            language,
            chance.choice(ZONES[language]),
            searchable(username, display_name)[:SEARCH_TEXT_LENGTH],
            moment(at),
            moment(at),
        )
    table.close()
    return Crowd(table.first, since, languages)


def load_raters(number: int, *, now: int) -> list[int]:
    """Write so many imported raters, who cannot sign in; gives their keys."""
    table = Table(
        User, "id", "password", "uid", "username", "search_text", "imported_at", "import_source",
        "created_at", "updated_at",
    )  # fmt: skip
    came = moment(now - OLDEST_DAYS * DAY)
    password = make_password(None)
    keys = []
    for place in range(number):
        username = username_for(SOURCE, str(place))
        keys.append(table.key())
        table.add(
            keys[-1], password, uuid.uuid5(uuid.NAMESPACE_URL, username).hex, username,
            searchable(username), came, SOURCE, came, came,
        )  # fmt: skip
    table.close()
    return keys
