"""The reviews and likes of an invented platform, book by book, so that memory stays small."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from bookbridge.demo.data import FOLDER, Record
from bookbridge.kernel.markdown import render
from bookbridge.scale import sizes
from bookbridge.scale.books import Shelf
from bookbridge.scale.bulk import DAY, Table, moment
from bookbridge.scale.lists import InClubs
from bookbridge.scale.readers import OLDEST_DAYS, Crowd
from reviews.models import Like, Review

#: As in the ratings of Goodreads readers: stars, and how many ratings of a hundred have them.
STARS = {5: 30.0, 4: 36.0, 3: 25.0, 2: 6.4, 1: 2.0}
HALF_STAR_LESS_IN_100 = 20
WITH_TEXT_IN_100 = 12
SPOILERS_IN_100 = 4
HIDDEN_IN_10000 = 8
#: How much some books are liked better than others.
SPREAD = 0.35
MOST_LIKES = 500

Planned = tuple[int, int | None, int]


class Opinions:
    """Writes the reviews of one book after the other."""

    def __init__(self, crowd: Crowd, *, now: int, chance: random.Random) -> None:
        self.crowd, self.now, self.chance = crowd, now, chance
        self.texts: dict[str, dict[str, list[Record]]] = json.loads(
            (FOLDER / "opinions.json").read_text(encoding="utf-8")
        )
        self.reviews = Table(
            Review, "id", "book_id", "author_id", "club_id", "rating", "title", "text",
            "text_html", "contains_spoilers", "language", "likes_count", "hidden_at", "created_at",
            "updated_at",
        )  # fmt: skip
        self.likes = Table(Like, "id", "review_id", "reader_id", "created_at")

    def write(
        self,
        book: int,
        number: int,
        in_clubs: Iterable[tuple[int, int, int]],
        raters: Sequence[int] = (),
    ) -> None:
        """Write so many reviews of a book, those of clubs among them, and one of each rater."""
        chance = self.chance
        tilt = chance.gauss(0, SPREAD)
        odds = [weight * math.exp(tilt * (stars - 3.85)) for stars, weight in STARS.items()]
        ratings = chance.choices(list(STARS), odds, k=number)
        for stars, (reader, club, since) in zip(ratings, self._who(number, in_clubs), strict=True):
            self._write(book, stars, reader, club, since)
        ratings = chance.choices(list(STARS), odds, k=len(raters))
        for stars, key in zip(ratings, raters, strict=True):
            self._write_bare(book, stars, key)

    def close(self) -> None:
        """Write what is left."""
        self.reviews.close()
        self.likes.close()

    def _who(self, number: int, in_clubs: Iterable[tuple[int, int, int]]) -> Iterator[Planned]:
        """Different readers, the members of clubs that read the book first."""
        seen: set[int] = set()
        for reader, club, since in in_clubs:
            if len(seen) >= number:
                return
            if reader not in seen:
                seen.add(reader)
                yield reader, club, since
        everybody = len(self.crowd)
        if number * 4 > everybody:
            free = [reader for reader in range(everybody) if reader not in seen]
            for reader in self.chance.sample(free, number - len(seen)):
                yield reader, None, self.crowd.since[reader]
            return
        while len(seen) < number:
            # Who has been here for long has written more.
            reader = int(everybody * self.chance.random() ** 1.5)
            if reader not in seen:
                seen.add(reader)
                yield reader, None, self.crowd.since[reader]

    def _write(self, book: int, stars: int, reader: int, club: int | None, since: int) -> None:
        chance = self.chance
        rating = stars * 2 - (chance.random() * 100 < HALF_STAR_LESS_IN_100)
        at = since + int(chance.random() * (self.now - since))
        language, title, text, html, likes = self.crowd.languages[reader], "", "", "", 0
        key = self.reviews.key()
        hidden = chance.random() * 10_000 < HIDDEN_IN_10000
        if chance.random() * 100 < WITH_TEXT_IN_100:
            words = chance.choice(self.texts[language][str(max(2, stars))])
            title, text, html = words["title"], words["text"], _html(words["text"])
            if club is None and not hidden:
                likes = self._like(key, reader, at)
        written = moment(at)
        self.reviews.add(
            key,
            book,
            self.crowd.key(reader),
            club,
            rating,
            title,
            text,
            html,
            bool(text) and chance.random() * 100 < SPOILERS_IN_100,
            language,
            likes,
            moment(min(at + 86_400, self.now)) if hidden else None,
            written,
            written,
        )

    def _write_bare(self, book: int, stars: int, rater: int) -> None:
        """A rating without words, as data sets of ratings have them."""
        chance = self.chance
        rating = stars * 2 - (chance.random() * 100 < HALF_STAR_LESS_IN_100)
        written = moment(self.now - int(chance.random() * OLDEST_DAYS * DAY))
        self.reviews.add(
            self.reviews.key(), book, rater, None, rating, "", "", "", False, "", 0, None, written,
            written,
        )  # fmt: skip

    def _like(self, review: int, author: int, since: int) -> int:
        number = min(int(self.chance.paretovariate(1.2)) - 1, MOST_LIKES, len(self.crowd) // 2)
        readers = self.chance.sample(range(len(self.crowd)), number)
        likers = [reader for reader in readers if reader != author]
        for reader in likers:
            at = since + int(self.chance.random() * (self.now - since))
            self.likes.add(self.likes.key(), review, self.crowd.key(reader), moment(at))
        return len(likers)


@lru_cache(maxsize=1_000)
def _html(text: str) -> str:
    return render(text)


def numbers_of(size: sizes.Size) -> list[int]:
    """How many reviews of each book readers write, the most read first."""
    parts = sizes.weights(size.books)
    most = size.most_of_one_book
    if not size.hot_book:
        return sizes.shares(size.reviews, parts, most=most)
    rest = sizes.shares(size.reviews - size.hot_book, parts[1:], most=min(most, size.hot_book))
    return [size.hot_book - size.raters, *rest]


def load_opinions(
    size: sizes.Size,
    shelf: Shelf,
    crowd: Crowd,
    in_clubs: InClubs,
    *,
    raters: Sequence[int] = (),
    now: int,
    chance: random.Random,
    advance: object = None,
) -> tuple[int, int]:
    """Write all reviews and likes; gives how many.

    Arguments:
        raters: keys of imported raters; each rates the first book.
    """
    opinions = Opinions(crowd, now=now, chance=chance)
    for place, number in enumerate(numbers_of(size)):
        also = raters if place == 0 else ()
        opinions.write(shelf.key(place), number, in_clubs.pop(place, ()), also)
        if callable(advance):
            advance(number + len(also))
    opinions.close()
    return opinions.reviews.written, opinions.likes.written
