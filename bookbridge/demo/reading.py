"""The demo's reading lists: what each club has read, reads, and thinks of reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bookbridge.demo.chance import Chance
from bookbridge.demo.people import Circle
from clubs.models import Book, EntryMove, ListEntry
from clubs.reading.models import Status
from clubs.reading.services import add_entry, edit_entry, support_entry

PITCHES = {
    "pt-br": [
        "Faz tempo que quero ler este com companhia.",
        "Curto, intenso e ótimo para conversar depois.",
        "Li há anos e mudei de ideia sobre o final. Quero ouvir vocês.",
        "Nunca lemos nada desta autoria no clube.",
        "Combina com o que acabamos de terminar.",
    ],
    "en": [
        "I have wanted to read this one in company for years.",
        "Short, intense, and plenty to talk about afterwards.",
        "I changed my mind about the ending once. I would like to hear yours.",
        "We have never read anything by this author.",
        "It goes well with the one we have just finished.",
    ],
}
#: How an entry came to where it stands.
ROADS = {
    Status.PROPOSED: [],
    Status.PLANNED: [Status.PLANNED],
    Status.READING: [Status.PLANNED, Status.READING],
    Status.FINISHED: [Status.PLANNED, Status.READING, Status.FINISHED],
    Status.DROPPED: [Status.DROPPED],
}


@dataclass
class Read:
    """A book that a club reads or has read, and when."""

    circle: Circle
    book: Book
    started: datetime
    finished: datetime | None


def fill_list(circle: Circle, books: list[tuple[Book, str]], chance: Chance) -> list[Read]:
    """Put books on a club's list, in all statuses; gives those that were begun."""
    fitting = [book for book, language in books if language in circle.languages]
    finished = chance.random.randint(5, 13)
    chosen = iter(chance.some(fitting, finished + 8))
    read = []
    step = (chance.now - timedelta(days=25) - circle.founded) / (finished + 1)
    for number, book in zip(range(finished), chosen, strict=False):
        started = circle.founded + step * number + timedelta(days=4)
        ended = started + step * (0.5 + chance.random.random() * 0.4)
        planned = started - min(step / 4, timedelta(days=2))
        _list(circle, book, Status.FINISHED, [planned, started, ended], chance)
        read.append(Read(circle, book, started, ended))
    for status in (Status.READING, Status.PLANNED, Status.PLANNED, Status.DROPPED):
        following = next(chosen, None)
        if following is None:
            return read
        recent = [chance.days_ago(days) for days in (24, 3 + chance.random.random() * 18)]
        _list(circle, following, status, recent, chance)
        if status == Status.READING:
            read.append(Read(circle, following, recent[1], None))
    for book in chosen:
        entry = _list(circle, book, Status.PROPOSED, [], chance)
        for member in chance.some(circle.members, chance.random.randint(0, 5)):
            support_entry(entry=entry, by=member.reader.user)
    return read


def _list(
    circle: Circle, book: Book, status: str, moments: list[datetime], chance: Chance
) -> ListEntry:
    """Propose a book, then move it along its road at the moments given."""
    road = ROADS[Status(status)]
    proposed = min([chance.days_ago(chance.random.random() * 20), *moments]) - timedelta(days=2)
    proposed = max(proposed, circle.founded)
    known = [member for member in circle.members if member.since <= proposed]
    proposer = chance.random.choice(known or circle.members[:1]).reader
    pitches = PITCHES[circle.club.language if circle.club.language in PITCHES else "en"]
    pitch = chance.random.choice(pitches) if chance.in_100(60) else ""
    entry = add_entry(club=circle.club, book=book, by=proposer.user, pitch=pitch, now=proposed)
    for step, at in zip(road, moments, strict=False):
        entry = edit_entry(entry=entry, by=circle.owner, changes={"status": step}, now=at)
    times = [proposed, *moments]
    moves = list(EntryMove.objects.filter(entry=entry).order_by("id"))
    for move, at in zip(moves, times, strict=False):
        move.moved_at = at
    EntryMove.objects.bulk_update(moves, ["moved_at"])
    ListEntry.objects.filter(pk=entry.pk).update(
        created_at=proposed, updated_at=times[len(moves) - 1]
    )
    return entry
