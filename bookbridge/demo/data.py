"""The curated files of the demo, and a small part of them for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ADMIN = "admin"
KNOWN_TO_ALL = "Dom Casmurro"
#: No mail ever reaches these addresses (RFC 2606), and no person has them.
MAIL_DOMAIN = "demo.example.org"

Record = dict[str, Any]


@dataclass(frozen=True)
class Data:
    """What is loaded: real books, invented readers and clubs, texts for reviews."""

    books: list[Record]
    people: list[Record]
    clubs: list[Record]
    opinions: dict[str, dict[str, list[Record]]]
    reviews: int
    likes: int

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses by which the demo's readers are known."""
        return [address_of(ADMIN), *(address_of(person["username"]) for person in self.people)]


def address_of(username: str) -> str:
    """The e-mail address of a reader of the demo."""
    return f"{username}@{MAIL_DOMAIN}"


def load(*, small: bool = False) -> Data:
    """Everything, or with `small` a part in which everything still occurs."""
    books, people, clubs, opinions = (
        json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("books", "people", "clubs", "opinions")
    )
    if not small:
        return Data(books, people, clubs, opinions, reviews=1500, likes=600)
    few = [club for club in clubs if club["visibility"] != "public"][:3]
    some = [book for book in books if book["language"] in ("pt-br", "en")]
    some = [
        book for number, book in enumerate(some) if not number % 4 or book["title"] == KNOWN_TO_ALL
    ]
    return Data(some, people[:8], clubs[:4] + few, opinions, reviews=90, likes=40)
