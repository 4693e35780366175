"""The moderation record, the texts it keeps for a while, and notices to readers."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from accounts.final import FinalQuerySet, FinalRecord

#: So long a text that was reported or set aside is kept.
KEPT_DAYS = 90
KEPT_FOR = timedelta(days=KEPT_DAYS)


class Verb(models.TextChoices):
    """What was done."""

    HIDE_REVIEW = "hide_review"
    SHOW_REVIEW = "show_review"
    HIDE_CLUB = "hide_club"
    SHOW_CLUB = "show_club"
    WARN_READER = "warn_reader"
    SUSPEND_READER = "suspend_reader"
    REINSTATE_READER = "reinstate_reader"
    OPEN_REPORT = "open_report"
    UPHOLD_REPORT = "uphold_report"
    DISMISS_REPORT = "dismiss_report"
    MERGE_BOOKS = "merge_books"
    DELETE_BOOK = "delete_book"


class TargetKind(models.TextChoices):
    """What it was done to."""

    REVIEW = "review"
    CLUB = "club"
    READER = "reader"
    BOOK = "book"
    REPORT = "report"


class ModerationRecord(FinalRecord):
    """One act of site staff: who did what to whom, when and why.

    Life cycle: written in the transaction of the act and final from then on; the model refuses
    changes, and on PostgreSQL the table does. Readers are named by their keys, so that nothing
    of somebody who left remains: texts are in `KeptText`. `actor` is None for commands of the
    operators.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    verb = models.CharField(max_length=20, choices=Verb.choices)
    target_kind = models.CharField(max_length=10, choices=TargetKind.choices)
    target_id = models.PositiveBigIntegerField()
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whom it concerns: the author of a review, the owner of a club.",
    )
    reason = models.TextField(max_length=1000, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    objects = FinalQuerySet.as_manager()

    class Meta:
        verbose_name = "moderation record"
        indexes = [
            models.Index(fields=["-at", "-id"], name="record_newest"),
            models.Index(fields=["verb", "-at", "-id"], name="record_of_verb"),
            models.Index(fields=["target_kind", "target_id"], name="record_of_target"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_kind} {self.target_id}"


class KeptText(models.Model):
    """Words of a reader as they were when they were reported, or when a merge set them aside.

    Life cycle: kept for 90 days, then forgotten; forgotten at once when their reader leaves.
    """

    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    record = models.ForeignKey(
        ModerationRecord, on_delete=models.PROTECT, null=True, related_name="kept_texts"
    )
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"kept text {self.pk}"


class Notice(models.Model):
    """Something that the moderators decided, told to a reader when they next sign in.

    Life cycle: shown in `users/me/` until the reader dismisses it. The words are made when it
    is read, in the language of who reads; only the reason is as the moderator wrote it.
    """

    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=30)
    reason = models.TextField(max_length=1000, blank=True)
    about_kind = models.CharField(max_length=10, choices=TargetKind.choices, blank=True)
    about_id = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["reader", "-id"],
                condition=models.Q(dismissed_at__isnull=True),
                name="notice_to_be_read",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.reader_id}"
