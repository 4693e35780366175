"""Reports: what a reader says should not be there, and what was decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.moderation.models import KeptText, TargetKind
from reviews.reports.querysets import ReportQuerySet


class Reason(models.TextChoices):
    """Why something is reported."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    HATE = "hate"
    SPOILERS = "spoilers"
    COPYRIGHT = "copyright"
    IMPERSONATION = "impersonation"
    OTHER = "other"


class ReportStatus(models.TextChoices):
    """What has become of a report."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Action(models.TextChoices):
    """What is done when a report is upheld."""

    HIDE = "hide"
    WARN = "warn"
    SUSPEND = "suspend"


#: What can be reported.
KINDS = (TargetKind.REVIEW, TargetKind.CLUB, TargetKind.READER)
KIND_CHOICES = [(str(kind), str(kind)) for kind in KINDS]

#: What can be done about each: a reader has nothing that could be hidden apart from them.
ACTIONS: dict[str, tuple[str, ...]] = {
    TargetKind.REVIEW: (Action.HIDE, Action.WARN, Action.SUSPEND),
    TargetKind.CLUB: (Action.HIDE, Action.WARN, Action.SUSPEND),
    TargetKind.READER: (Action.WARN, Action.SUSPEND),
}


class Report(models.Model):
    """One reader's report of a review, a club or a reader; once for each of them.

    Life cycle: *open*; then *upheld* with an action, or *dismissed*, by a site moderator, with
    a reason, for good. What was reported is named by kind and key, so that a report outlives
    it; its words as they were are in `kept`, which forgets after 90 days and when their author
    leaves.
    """

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports"
    )
    target_kind = models.CharField(max_length=10, choices=KIND_CHOICES)
    target_id = models.PositiveBigIntegerField()
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Who answers for it: the author of a review, the owner of a club.",
    )
    kept = models.OneToOneField(KeptText, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    comment = models.TextField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(
        max_length=10, choices=ReportStatus.choices, default=ReportStatus.OPEN
    )
    action = models.CharField(max_length=10, choices=Action.choices, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(max_length=1000, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "target_kind", "target_id"], name="report_once_per_reader"
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True)
                | (~Q(status="open") & Q(decided_at__isnull=False)),
                name="report_decided_has_its_moment",
            ),
            models.CheckConstraint(
                condition=(Q(status="upheld") & ~Q(action=""))
                | (~Q(status="upheld") & Q(action="")),
                name="report_upheld_has_its_action",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="report_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="report_of_status"),
            models.Index(fields=["target_kind", "target_id", "status"], name="report_of_target"),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}: {self.target_kind} {self.target_id}"
