"""What a club's row counts of its reading list: versions of the list, and moves.

To be called under the lock of the club's row.
"""

from __future__ import annotations

from django.db.models import F

from bookbridge.kernel.updating import step
from clubs.membership.models import Club
from clubs.reading.finished import count_finish
from clubs.reading.models import EntryMove, ListEntry


def count_list_version(club: Club, *, moves: int = 0) -> None:
    """A list has other entries, or another order, and so many moves more (or less, below 0)."""
    steps = {"moves_count": moves} if moves else {}
    step(Club, club.pk, list_version=1, **steps)
    club.list_version += 1


def count_move(club: Club) -> None:
    """An entry of the list has moved."""
    step(Club, club.pk, moves_count=1)


def take_off(entry: ListEntry, club: Club) -> None:
    """Delete an entry with its moves; those behind it move up."""
    count_finish(club, before=entry.finished_on, after=None)
    _number, by_model = entry.delete()
    later = ListEntry.objects.filter(club=club, position__gt=entry.position)
    later.update(position=F("position") - 1)
    count_list_version(club, moves=-by_model.get(EntryMove._meta.label, 0))
