"""Entries of reading lists, their moves, and who supports a proposal."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from bookbridge.kernel.models import Timestamped
from clubs.books.models import Book
from clubs.membership.models import Club
from clubs.reading.querysets import EntryQuerySet


class Status(models.TextChoices):
    """Where a book stands on a club's list."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    READING = "reading"
    FINISHED = "finished"
    DROPPED = "dropped"


class ListEntry(Timestamped):
    """A book on one club's reading list.

    Life cycle: `proposed` to `planned` to `reading` to `finished`; `dropped` from any but
    `finished`, and back to `proposed`; `finished` back to `reading` for a re-read. An entry
    that was ever finished keeps its `finished_on` and is not deleted. `position` orders the
    list and is written under the lock of the club's row.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="entries")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="entries")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    position = models.PositiveIntegerField()
    pitch = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    supporters_count = models.PositiveIntegerField(default=0, editable=False)
    started_on = models.DateField(null=True, blank=True)
    finished_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "list entries"
        constraints = [
            models.UniqueConstraint(fields=["club", "book"], name="entry_book_once_per_list"),
            models.CheckConstraint(
                condition=~Q(status="finished") | Q(finished_on__isnull=False),
                name="entry_finished_has_its_day",
            ),
        ]
        indexes = [
            models.Index(fields=["club", "position", "id"], name="entry_list_order"),
            models.Index(fields=["book", "status"], name="entry_of_book"),
            # For the days of the admin, and for counting anew what public clubs finished.
            models.Index(
                fields=["finished_on", "club"],
                condition=Q(finished_on__isnull=False),
                name="entry_finished_in_club",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} on the list of {self.club_id}: {self.status}"


class EntryMove(models.Model):
    """One move of an entry from a status to another: who, and when. Never changed.

    `Club.moves_count` counts them; `clubs.reading.counting` writes it.
    """

    entry = models.ForeignKey(
        ListEntry, on_delete=models.CASCADE, related_name="moves", db_index=False
    )
    from_status = models.CharField(max_length=10, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=10, choices=Status.choices)
    moved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    moved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # For the clubs in which most happened lately.
            models.Index(fields=["entry", "moved_at"], name="entry_move_of_entry"),
        ]

    def __str__(self) -> str:
        return f"entry {self.entry_id}: {self.from_status} to {self.to_status}"


class FinishedMonth(models.Model):
    """How many books public clubs finished in one month, in one of sixteen parts.

    Written by `finished.py` alone, in the transaction of what changes; always equal to a recount.
    A row may say 0.
    """

    part = models.PositiveSmallIntegerField()
    archived = models.BooleanField()
    month = models.DateField()
    number = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["part", "archived", "month"], name="finished_month_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} in {self.month:%Y-%m}, part {self.part}"


class Support(models.Model):
    """One member's support of one proposal."""

    entry = models.ForeignKey(ListEntry, on_delete=models.CASCADE, related_name="supports")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "reader"], name="support_once_per_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.reader_id} supports {self.entry_id}"
