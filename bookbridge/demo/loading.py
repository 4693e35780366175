"""Loading the demo, in one transaction and through the services, so that every rule holds."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from tqdm import tqdm

from accounts.models import User
from bookbridge.demo import opinions, people, reading
from bookbridge.demo.chance import Chance
from bookbridge.demo.data import Data, Record
from bookbridge.kernel.errors import DomainError
from clubs.books.services import add_book
from clubs.membership.models import Club
from clubs.membership.services import archive_club
from clubs.models import Book, Isbn, ListEntry


def is_loaded(data: Data) -> bool:
    """Whether the demo's readers, or some of them, are here."""
    return bool(User.objects.filter(email__in=data.addresses).exists())


@contextmanager
def _nothing_to_report() -> Iterator[None]:
    """People who are invented are no news to the operators; the record has them all the same."""
    logger = logging.getLogger("bookbridge.security")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@transaction.atomic
@_nothing_to_report()
def load_demo(
    data: Data,
    *,
    admin_password: str,
    reader_password: str,
    now: datetime,
    quiet: bool = False,
    keep: bool = True,
) -> Counter[str]:
    """Load everything and say how much it was; with `keep=False` undo it at the end.

    Raises:
        DomainError: somebody else has a username of the demo, or a password is too weak.
    """

    def progress(numbers: Iterable[int], label: str) -> Iterable[int]:
        # None: no bar where nobody watches.
        return tqdm(numbers, desc=label, disable=True if quiet else None, leave=False)

    chance = Chance(now)
    people.make_admin(admin_password, chance.days_ago(people.TWO_YEARS + 1))
    readers = [
        people.make_reader(data.people[number], number, reader_password, chance)
        for number in progress(range(len(data.people)), "Readers")
    ]
    books = [
        (_book(data.books[number], chance), data.books[number]["language"])
        for number in progress(range(len(data.books)), "Books")
    ]
    read: list[reading.Read] = []
    circles = []
    for number in progress(range(len(data.clubs)), "Clubs"):
        circle = people.make_circle(data.clubs[number], number, readers, chance)
        read += reading.fill_list(circle, books, chance)
        circles.append(circle)
    planned = opinions.plan(data, readers, books, read, chance)
    reviews = opinions.publish(data, planned, chance, progress)
    opinions.like(data, reviews, readers, chance, progress)
    _archive_one(circles, chance)
    loaded = Counter(
        readers=len(readers) + 1,
        books=len(books),
        clubs=len(circles),
        entries=ListEntry.objects.filter(club__in=[each.club.pk for each in circles]).count(),
        reviews=len(reviews),
    )
    if not keep:
        transaction.set_rollback(True)
    return loaded


def _book(record: Record, chance: Chance) -> Book:
    """Add a book, or take the one that somebody added before."""
    fields: dict[str, Any] = {
        name: record[name]
        for name in (
            "title", "subtitle", "authors", "published_year", "language", "page_count",
            "description", "isbns", "openlibrary_id", "goodreads_id",
        )
        if name in record
    }  # fmt: skip
    known = Isbn.objects.filter(isbn13__in=record.get("isbns", ())).select_related("book").first()
    if known is not None:
        return known.book
    try:
        book = add_book(by=None, **fields)
    except DomainError as refusal:
        if refusal.code != "possible_duplicate":
            raise
        return Book.objects.get(pk=refusal.extra["candidates"][0]["id"])
    since = chance.between(chance.days_ago(people.TWO_YEARS), chance.days_ago(600))
    Book.objects.filter(pk=book.pk).update(created_at=since, updated_at=since)
    return book


def _archive_one(circles: list[people.Circle], chance: Chance) -> None:
    """The last of the public clubs came to an end."""
    public = [circle for circle in circles if circle.club.visibility == "public"]
    if len(public) > 1:
        archive_club(club=public[-1].club, by=public[-1].owner)
        Club.objects.filter(pk=public[-1].club.pk).update(archived_at=chance.days_ago(9))
