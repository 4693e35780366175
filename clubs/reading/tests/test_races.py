"""Many writers at one reading list at the same moment."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club, Role
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.models import ListEntry, Support
from clubs.reading.tests.factories import EntryFactory
from clubs.reading.tests.race import race, statuses

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def positions(club: Club) -> list[int]:
    return list(ListEntry.objects.filter(club=club).in_order().values_list("position", flat=True))


def test_one_book_proposed_by_twenty_is_listed_once(api: Any) -> None:
    club, book = ClubFactory(), BookFactory()
    clients = [api(member_of(club, UserFactory()).reader) for _ in range(20)]
    path = f"clubs/{club.slug}/books/"
    answers = race(*(lambda c=c: c.post(path, {"book": book.pk}) for c in clients))
    assert statuses(answers) == [201] + [409] * 19
    assert ListEntry.objects.filter(club=club).count() == 1


def test_proposals_at_once_get_a_place_each(api: Any) -> None:
    club = ClubFactory()
    clients = [api(member_of(club, UserFactory()).reader) for _ in range(12)]
    books = [BookFactory().pk for _ in clients]
    path = f"clubs/{club.slug}/books/"
    answers = race(
        *(lambda c=c, b=b: c.post(path, {"book": b}) for c, b in zip(clients, books, strict=True))
    )
    assert statuses(answers) == [201] * 12
    assert positions(club) == list(range(1, 13))
    club.refresh_from_db()
    assert club.list_version == 13


def test_of_twenty_reorders_by_the_same_tag_one_wins(api: Any) -> None:
    club = ClubFactory()
    keys = [EntryFactory(club=club).pk for _ in range(6)]
    clients = [api(member_of(club, UserFactory(), role=Role.MODERATOR).reader) for _ in range(20)]
    path = f"clubs/{club.slug}/books/order/"
    held = {"If-Match": api().get(path)["ETag"]}
    orders = []
    while len(orders) < 20:
        order = random.sample(keys, len(keys))
        if order != keys:
            orders.append(order)
    answers = race(
        *(
            lambda c=c, o=o: c.put(path, {"order": o}, headers=held)
            for c, o in zip(clients, orders, strict=True)
        )
    )
    assert statuses(answers) == [200] + [412] * 19
    won = next(answer for answer in answers if answer.status_code == 200)
    assert api().get(path).json() == won.json()
    assert positions(club) == [1, 2, 3, 4, 5, 6]


def test_moves_by_the_same_tag_happen_once(api: Any) -> None:
    club = ClubFactory()
    entry = EntryFactory(club=club)
    clients = [api(member_of(club, UserFactory(), role=Role.MODERATOR).reader) for _ in range(20)]
    path = f"clubs/{club.slug}/books/{entry.pk}/"
    held = {"If-Match": api().get(path)["ETag"]}
    answers = race(
        *(lambda c=c: c.patch(path, {"status": "planned"}, headers=held) for c in clients)
    )
    assert statuses(answers) == [200] + [412] * 19
    assert entry.moves.count() == 2


def test_support_taken_and_withdrawn_at_once_is_counted_right(api: Any) -> None:
    club = ClubFactory()
    entry = EntryFactory(club=club)
    clients = [api(member_of(club, UserFactory()).reader) for _ in range(6)]
    path = f"clubs/{club.slug}/books/{entry.pk}/support/"
    acts = [lambda c=c: c.put(path) for c in clients for _ in range(2)]
    acts += [lambda c=c: c.delete(path) for c in clients[:3]]
    assert statuses(race(*acts)) == [204] * 15
    entry.refresh_from_db()
    assert entry.supporters_count == Support.objects.filter(entry=entry).count()


def test_removals_and_additions_crossing_keep_the_places_whole(api: Any) -> None:
    club = ClubFactory()
    entries = [EntryFactory(club=club) for _ in range(6)]
    staff = api(member_of(club, UserFactory(), role=Role.MODERATOR).reader)
    books = [BookFactory().pk for _ in range(6)]
    path = f"clubs/{club.slug}/books/"
    acts = [lambda e=e: staff.delete(f"{path}{e.pk}/") for e in entries[:4]]
    acts += [lambda b=b: staff.post(path, {"book": b}) for b in books]
    assert statuses(race(*acts)) == [201] * 6 + [204] * 4
    assert positions(club) == list(range(1, 9))
