"""How large the invented platform is, and how much of it falls to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

#: What `--scale 1` brings.
FULL_READERS, FULL_CLUBS, FULL_REVIEWS, FULL_BOOKS = 50_000, 5_000, 1_000_000, 10_000
#: How steeply popularity falls: the second book has 2 ** -0.75 of the reviews of the first.
STEEPNESS = 0.75
#: No book is read by more of the readers than that, in a hundred.
READ_BY_AT_MOST_IN_100 = 90


class Impossible(ValueError):
    """Numbers that do not fit each other; the message says why."""


@dataclass(frozen=True)
class Size:
    """So many of everything.

    A hot book with more reviews than readers write of one (`most_of_one_book`) has the others
    from imported raters, who rated nothing else: everybody reviews a book once.
    """

    readers: int
    clubs: int
    reviews: int
    books: int
    hot_book: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be: nobody reviews a book twice.

        Raises:
            Impossible: with what does not fit.
        """
        if min(self.readers, self.books) < 20 or min(self.clubs, self.reviews) < 1:
            raise Impossible("at least 20 readers, 20 books, a club and a review")
        if self.hot_book > self.reviews:
            raise Impossible(f"{self.hot_book} reviews of one book are more than there are in all")
        if self.reviews > self.books * self.most_of_one_book // 2:
            raise Impossible("more reviews than so many readers write of so many books")

    @property
    def most_of_one_book(self) -> int:
        """How many reviews of one book readers write at most."""
        return self.readers * READ_BY_AT_MOST_IN_100 // 100

    @property
    def raters(self) -> int:
        """How many imported raters the hot book has besides the readers."""
        return max(0, self.hot_book - self.most_of_one_book)


def of_scale(scale: float) -> Size:
    """A part of the full size, 0 to 1.

    Raises:
        Impossible: another number.
    """
    if not 0 < scale <= 1:
        raise Impossible("--scale is more than 0 and at most 1")
    return Size(
        readers=max(int(FULL_READERS * scale), 20),
        clubs=max(int(FULL_CLUBS * scale), 1),
        reviews=max(int(FULL_REVIEWS * scale), 1),
        books=max(min(int(FULL_BOOKS * scale * 4), FULL_BOOKS), 20),
    )


def weights(number: int, steepness: float = STEEPNESS) -> list[float]:
    """How popular the first, second, third ... of so many are (Zipf)."""
    return [rank**-steepness for rank in range(1, number + 1)]


def shares(total: int, parts: Sequence[float], *, most: int, least: int = 0) -> list[int]:
    """`total` divided by weight, in whole numbers of at least `least` and at most `most`."""
    found = [least] * len(parts)
    left = total - sum(found)
    while left > 0:
        open_parts = [index for index, number in enumerate(found) if number < most]
        if not open_parts:
            raise Impossible("too few places for so many")
        whole = sum(parts[index] for index in open_parts)
        before = left
        for index in open_parts:
            more = min(int(before * parts[index] / whole), most - found[index], left)
            found[index] += more
            left -= more
        if left == before:  # less than one for each: one after the other
            for index in open_parts[:left]:
                found[index] += 1
            left -= min(left, len(open_parts))
    return found


def cumulated(parts: Sequence[float]) -> list[float]:
    """Running sums, for quick choices by weight."""
    return list(accumulate(parts))
