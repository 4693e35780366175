"""What clubs, the catalogue and the reading lists know of a reader.

Walked by `accounts/privacy.py`, see there. Each feature looks after its own; what reading lists
keep is looked after here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F
from rest_framework import serializers

from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, day, moment
from bookbridge.kernel.taking_out import each
from clubs.books import personal_data as books
from clubs.membership import personal_data as membership
from clubs.models import Club, EntryMove, ListEntry, Support
from clubs.reading.serializers import STATUSES

if TYPE_CHECKING:
    from accounts.models import User

PERSONAL = {
    **membership.PERSONAL,
    **books.PERSONAL,
    "clubs.ListEntry": ["proposed_by", "pitch"],
    "clubs.EntryMove": ["moved_by"],
    "clubs.Support": ["reader"],
}
EXEMPT = {**membership.EXEMPT, **books.EXEMPT}


class ExportedProposalSerializer(OutputSerializer):
    """A book that the reader proposed to a club."""

    club = membership.ExportedClubSerializer(allow_null=True)
    book = serializers.CharField(help_text="The title.")
    pitch = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=STATUSES)
    started_on = serializers.DateField(allow_null=True)
    finished_on = serializers.DateField(allow_null=True)
    proposed_at = serializers.DateTimeField()


class ExportedMoveSerializer(OutputSerializer):
    """An entry of a list that the reader moved from one status to another."""

    club = membership.ExportedClubSerializer(allow_null=True)
    book = serializers.CharField(help_text="The title.")
    from_status = serializers.ChoiceField(choices=STATUSES, allow_null=True)
    to_status = serializers.ChoiceField(choices=STATUSES)
    moved_at = serializers.DateTimeField()


class ExportedSupportSerializer(OutputSerializer):
    """A proposal that the reader supports."""

    club = membership.ExportedClubSerializer(allow_null=True)
    book = serializers.CharField(help_text="The title.")
    supported_at = serializers.DateTimeField()


class ExportSerializer(membership.MembershipExportSerializer, books.BooksExportSerializer):
    """What clubs, the catalogue and the reading lists know of the reader."""

    proposals = ExportedProposalSerializer(many=True)
    moves = ExportedMoveSerializer(many=True)
    supports = ExportedSupportSerializer(many=True)


def export(reader: User) -> dict[str, Any]:
    """Everything of the reader in clubs, as far as they may (still) know of each club."""
    return {
        **membership.export(reader),
        **books.export(reader),
        **_lists(reader),
    }


def hand_on(reader: User) -> None:
    """Give the clubs that the reader owns to others, as far as there are any."""
    membership.hand_on(reader)


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

    def proposal(entry: ListEntry) -> Json:
        return {
            "club": clubs.get(entry.club_id),
            "book": entry.book.title,
            "pitch": entry.pitch,
            "status": entry.status,
            "started_on": day(entry.started_on),
            "finished_on": day(entry.finished_on),
            "proposed_at": moment(entry.created_at),
        }

    def moved(move: EntryMove) -> Json:
        return {
            "club": clubs.get(move.entry.club_id),
            "book": move.entry.book.title,
            "from_status": move.from_status or None,
            "to_status": move.to_status,
            "moved_at": moment(move.moved_at),
        }

    def supported(support: Support) -> Json:
        return {
            "club": clubs.get(support.entry.club_id),
            "book": support.entry.book.title,
            "supported_at": moment(support.created_at),
        }

    return {
        "proposals": each(entries.order_by("pk"), proposal),
        "moves": each(moves.order_by("pk"), moved),
        "supports": each(supports.order_by("pk"), supported),
    }
