"""What clubs, the catalogue and the reading lists know of a reader.

Walked by `accounts/privacy.py`, see there. Each feature looks after its own; what reading lists
keep is looked after here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F

from bookbridge.kernel.shapes import day, moment
from clubs.books import personal_data as books
from clubs.membership import personal_data as membership
from clubs.models import Club, EntryMove, ListEntry, Support

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {
    **membership.PERSONAL,
    **books.PERSONAL,
    "ListEntry": ["proposed_by", "pitch"],
    "EntryMove": ["moved_by"],
    "Support": ["reader"],
}


def export(reader: User) -> dict[str, Any]:
    """Everything of the reader in clubs, as far as they may (still) know of each club."""
    return {
        **membership.export(reader),
        **books.export(reader),
        **_lists(reader),
    }


def erase(reader: User) -> None:
    """Leave all clubs, take the words back; entries, moves and supports stay as structure.

    All clubs that are touched are locked first and in one order, as everywhere.
    """
    pitched = ListEntry.objects.filter(proposed_by=reader)
    touched = {
        *pitched.values_list("club_id", flat=True),
        *reader.memberships.values_list("club_id", flat=True),
    }
    clubs = Club.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk")
    list(clubs.values_list("pk"))
    membership.erase(reader)
    books.erase(reader)
    pitched.exclude(pitch="").update(pitch="", version=F("version") + 1)
    pitched.update(proposed_by=None)
    EntryMove.objects.filter(moved_by=reader).update(moved_by=None)


def _lists(reader: User) -> dict[str, Any]:
    clubs = membership.known_clubs(reader)
    entries = ListEntry.objects.filter(proposed_by=reader).select_related("book")
    moves = EntryMove.objects.filter(moved_by=reader).select_related("entry__book")
    supports = Support.objects.filter(reader=reader).select_related("entry__book")
    return {
        "proposals": [
            {
                "club": clubs.get(entry.club_id),
                "book": entry.book.title,
                "pitch": entry.pitch,
                "status": entry.status,
                "started_on": day(entry.started_on),
                "finished_on": day(entry.finished_on),
                "proposed_at": moment(entry.created_at),
            }
            for entry in entries.order_by("pk")
        ],
        "moves": [
            {
                "club": clubs.get(move.entry.club_id),
                "book": move.entry.book.title,
                "from": move.from_status,
                "to": move.to_status,
                "moved_at": moment(move.moved_at),
            }
            for move in moves.order_by("pk")
        ],
        "supports": [
            {
                "club": clubs.get(support.entry.club_id),
                "book": support.entry.book.title,
                "supported_at": moment(support.created_at),
            }
            for support in supports.order_by("pk")
        ],
    }
