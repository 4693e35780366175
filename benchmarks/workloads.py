"""What is asked: each workload is a list of requests that are sent in turn."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import subjects as choice
from benchmarks.subjects import Subjects
from benchmarks.wrk import Request

#: So many readers send reads; each deep page is one reader's, found by following `next`.
READERS, DEEP_READERS = 16, 1
#: More than are sent in one run.
WRITES = 12_000
TEXT = "It stays *with* you. I would read it again, and I did.\n\nThe end is worth the way."
_numbers = itertools.count()


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Attributes:
        own: measured of BookBridge alone.
        cached: answers may come from a cache, and differ in when they were made.
        writes: the requests change what is stored and can be sent once.
    """

    name: str
    title: str
    requests: Callable[[Subjects], list[Request]]
    own: bool = False
    cached: bool = False
    writes: bool = False


def club_detail(subjects: Subjects) -> list[Request]:
    """The cards of 200 clubs, for 16 readers."""
    return [
        Request("GET", f"/api/v1/clubs/{slug}/", subjects.headers[number % READERS])
        for number, slug in enumerate(subjects.slugs)
    ]


def club_unchanged(subjects: Subjects) -> list[Request]:
    """The same cards, by readers who have them."""
    return [
        Request("GET", request.path, (*request.headers, ("If-None-Match", tag)))
        for request, tag in zip(club_detail(subjects), subjects.tags, strict=True)
    ]


def reviews_first(subjects: Subjects) -> list[Request]:
    """The newest reviews of the most read book."""
    path = choice.reviews_path(subjects)
    return [Request("GET", path, headers) for headers in subjects.headers[:READERS]]


def reviews_deep(subjects: Subjects) -> list[Request]:
    """The page that far down."""
    return [
        Request("GET", path, headers)
        for path, headers in zip(subjects.deep, subjects.headers, strict=False)
    ]


def clubs_searched(subjects: Subjects) -> list[Request]:
    """Clubs with words, the best match first."""
    return [
        Request("GET", choice.search_path(words), subjects.headers[number % READERS])
        for number, words in enumerate(choice.SEARCHES * 2)
    ]


def review_posted(subjects: Subjects) -> list[Request]:
    """Reviews by 64 readers, each of a book that the reader has not reviewed yet."""
    return [new_review(subjects) for _number in range(WRITES)]


def new_review(
    subjects: Subjects, *, place: int | None = None, half_stars: int | None = None
) -> Request:
    """One of them; it can be sent once.

    Arguments:
        place: of the reader; the next one without it.
        half_stars: the rating; each in turn without it.
    """
    reader, book = subjects.new_pair()
    while place is not None and reader != place:
        reader, book = subjects.new_pair()
    number = next(_numbers)
    rating = (half_stars or number % 10 + 1) / 2
    body = {"book": book, "rating": rating, "title": "Worth it", "text": TEXT}
    headers = (
        *subjects.headers[reader],
        ("Content-Type", "application/json"),
        ("Idempotency-Key", f"bench-{number}"),
    )
    return Request("POST", "/api/v1/reviews/", headers, json.dumps(body))


def book_figures(subjects: Subjects) -> list[Request]:
    """The statistics of the most read book, as everybody sees them."""
    return [Request("GET", f"/api/v1/stats/books/{subjects.hot_book}/")]


def site_figures(subjects: Subjects) -> list[Request]:
    """The statistics of the platform."""
    return [Request("GET", "/api/v1/stats/")]


TABLE = (
    Workload("club-detail", "club detail", club_detail),
    Workload("reviews-first", "20 reviews of a book, first page", reviews_first),
    Workload("reviews-deep", "20 reviews of a book, 100,000 deep", reviews_deep),
    Workload("clubs-searched", "clubs searched", clubs_searched),
    Workload("review-posted", "post a review", review_posted, writes=True),
    Workload("stats-warm", "statistics, warm", book_figures, cached=True),
    Workload("unchanged", "unchanged club, If-None-Match", club_unchanged, own=True),
)
COLD = (
    Workload("stats-cold-book", "statistics of the book, cold", book_figures, cached=True),
    Workload("stats-cold-site", "statistics of the platform, cold", site_figures, cached=True),
)


def named(names: list[str]) -> list[Workload]:
    """The workloads of the table with these names, in the order of the table; all without names.

    Raises:
        ValueError: there is no such workload.
    """
    unknown = set(names) - {workload.name for workload in TABLE}
    if unknown:
        known = ", ".join(workload.name for workload in TABLE)
        raise ValueError(f"no such workload: {', '.join(sorted(unknown))}; there are {known}")
    return [workload for workload in TABLE if not names or workload.name in names]
