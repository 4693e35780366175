"""What a club's row counts of its reading list: versions of the list, and moves.

To be called under the lock of the club's row.
"""

from __future__ import annotations

from django.db.models import F

from clubs.membership.models import Club
from clubs.reading.models import EntryMove, ListEntry


def count_list_version(club: Club, *, moves: int = 0) -> None:
    """A list has other entries, or another order, and so many moves more (or less, below 0)."""
    Club.objects.filter(pk=club.pk).update(
        list_version=F("list_version") + 1, moves_count=F("moves_count") + moves
    )
    club.list_version += 1


def count_move(club: Club) -> None:
    """An entry of the list has moved."""
    Club.objects.filter(pk=club.pk).update(moves_count=F("moves_count") + 1)


def take_off(entry: ListEntry, club: Club) -> None:
    """Delete an entry with its moves; those behind it move up."""
    _number, by_model = entry.delete()
    later = ListEntry.objects.filter(club=club, position__gt=entry.position)
    later.update(position=F("position") - 1)
    count_list_version(club, moves=-by_model.get(EntryMove._meta.label, 0))
