"""Entries of reading lists whose two books become one: which stays, and what it takes over."""

from __future__ import annotations

from accounts.moderation.models import KeptText, ModerationRecord
from clubs.models import Book, ListEntry, Support
from clubs.reading.counting import take_off
from clubs.reading.finished import count_finish
from clubs.reading.models import Status

#: How far along an entry is.
PROGRESS: dict[str, int] = {
    Status.DROPPED: 0,
    Status.PROPOSED: 1,
    Status.PLANNED: 2,
    Status.READING: 3,
    Status.FINISHED: 4,
}


def settle_entries(book: Book, into: Book) -> list[tuple[int, int]]:
    """For each club that lists both books, the entry that stays and the one that goes."""
    of_book = {entry.club_id: entry for entry in ListEntry.objects.filter(book=book)}
    rivals = ListEntry.objects.filter(book=into, club__in=list(of_book)).order_by("club_id")
    settled = []
    for rival in rivals:
        entry = of_book[rival.club_id]
        if _progress(entry) > _progress(rival):
            settled.append((entry.pk, rival.pk))
        else:
            settled.append((rival.pk, entry.pk))
    return settled


def set_entries_aside(settled: list[tuple[int, int]], record: ModerationRecord) -> None:
    """Let entries give way to others, under the locks of their clubs.

    Days and supporters go over to the entry that stays, whose moves remain its own; the words
    of a pitch are kept.
    """
    for winner_id, loser_id in settled:
        entries = ListEntry.objects.select_related("club").in_bulk([winner_id, loser_id])
        winner, loser = entries[winner_id], entries[loser_id]
        if loser.pitch:
            KeptText.objects.create(
                reader_id=loser.proposed_by_id,
                record=record,
                content={"kind": "entry", "id": loser.pk, "pitch": loser.pitch},
            )
        known = Support.objects.filter(entry=winner).values("reader")
        Support.objects.filter(entry=loser).exclude(reader__in=known).update(entry=winner)
        take_off(loser, loser.club)
        finished = winner.finished_on or loser.finished_on
        count_finish(winner.club, before=winner.finished_on, after=finished)
        ListEntry.objects.filter(pk=winner.pk).update(
            started_on=_first(winner.started_on, loser.started_on),
            finished_on=finished,
            supporters_count=Support.objects.filter(entry=winner).count(),
        )


def _progress(entry: ListEntry) -> tuple[int, bool]:
    return PROGRESS[entry.status], entry.finished_on is not None


def _first(one: object, other: object) -> object:
    """The earlier of two days, either of which may be missing."""
    days = [each for each in (one, other) if each is not None]
    return min(days) if days else None  # type: ignore[type-var]
