"""How many moves a club's list had, kept on the club, equals the moves that are there."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import MOVES
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club, Role
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading import services
from clubs.reading.models import EntryMove, ListEntry
from clubs.reading.tests.factories import EntryFactory
from clubs.reading.tests.race import race, statuses


def moves_of(club: Club) -> int:
    """The number that is kept, which is right."""
    assert list(MOVES.find()) == []
    club.refresh_from_db()
    return club.moves_count


@pytest.mark.django_db
def test_adding_and_moving_count_and_what_is_taken_off_counts_no_more() -> None:
    owner = UserFactory()
    club, other = ClubFactory(owner=owner), ClubFactory()
    EntryFactory(club=other)
    entry = services.add_entry(club=club, book=BookFactory(), by=owner)
    kept = services.add_entry(club=club, book=BookFactory(), by=owner, status="reading")
    assert moves_of(club) == 2
    for status in ("planned", "planned", "dropped"):
        entry = services.edit_entry(entry=entry, by=owner, changes={"status": status})
    services.edit_entry(entry=kept, by=owner, changes={"pitch": "Short."})
    assert moves_of(club) == 4
    services.reorder_list(club=club, order=[kept.pk, entry.pk], by=owner)
    services.remove_entry(entry=entry, by=owner)
    assert moves_of(club) == EntryMove.objects.filter(entry__club=club).count() == 1
    assert moves_of(other) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_moves_taken_off_and_added_at_once_are_all_counted(api: Any) -> None:
    club = ClubFactory()
    staff: list[User] = [
        member_of(club, UserFactory(), role=Role.MODERATOR).reader for _ in range(12)
    ]
    entries = [EntryFactory(club=club) for _ in range(8)]
    path = f"clubs/{club.slug}/books/"
    clients = [api(reader) for reader in staff]
    moves = [
        lambda c=c, e=e: c.patch(f"{path}{e.pk}/", {"status": "planned"})
        for c, e in zip(clients[:4], entries[:4], strict=True)
    ]
    removals = [
        lambda c=c, e=e: c.delete(f"{path}{e.pk}/")
        for c, e in zip(clients[4:8], entries[4:], strict=True)
    ]
    books = [BookFactory().pk for _ in clients[8:]]
    additions = [
        lambda c=c, b=b: c.post(path, {"book": b}) for c, b in zip(clients[8:], books, strict=True)
    ]
    answers = race(*moves, *removals, *additions)
    assert statuses(answers) == [200] * 4 + [201] * 4 + [204] * 4
    assert ListEntry.objects.filter(club=club).count() == 8
    assert moves_of(club) == 12
