"""Entries of reading lists for tests: `EntryFactory(club=club, reading=True)`.

They come at the end of their list, with the first move that every entry has.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import factory

from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory
from clubs.reading.counting import count_move
from clubs.reading.finished import count_finish
from clubs.reading.models import EntryMove, ListEntry, Status


class EntryFactory(factory.django.DjangoModelFactory):
    """A proposal, of nobody in particular; each other status is a trait."""

    class Meta:
        model = ListEntry

    class Params:
        planned = factory.Trait(status=Status.PLANNED)
        reading = factory.Trait(status=Status.READING, started_on=date(2026, 10, 1))
        finished = factory.Trait(
            status=Status.FINISHED,
            started_on=date(2026, 10, 1),
            finished_on=date(2026, 11, 1),
        )
        dropped = factory.Trait(status=Status.DROPPED)

    club = factory.SubFactory(ClubFactory)
    book = factory.SubFactory(BookFactory)
    position = factory.LazyAttribute(
        lambda entry: ListEntry.objects.filter(club=entry.club).count() + 1
    )

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        entry = super()._create(model_class, *args, **kwargs)
        EntryMove.objects.create(entry=entry, to_status=entry.status, moved_by=entry.proposed_by)
        count_move(entry.club)
        count_finish(entry.club, before=None, after=entry.finished_on)
        return entry
