"""Models of no app: time stamps to inherit, kept answers, counters of limits, the outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from bookbridge.kernel.outbox.querysets import OutboxQuerySet


class Timestamped(models.Model):
    """Gives a model the moments of its creation and of its last save.

    `QuerySet.update()` does not move `updated_at`: a statement that should, names it.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class IdempotencyKey(models.Model):
    """The first good answer to a POST that carried an `Idempotency-Key`.

    Life cycle: written in the transaction of the act itself, so that the row exists if and only
    if the act happened; *replayed* for the same key and body while it is younger than
    `settings.IDEMPOTENCY_HOURS`; *replaced* by the next use of the key after that, or *purged*.
    Secrets of the answer are null here.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # A digest, since a path may hold the secret of an invitation.
    path = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    location = models.TextField(blank=True)
    etag_version = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "path", "key"], name="idempotency_key_once_per_path"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%d %H:%M}"


class LimitCounter(models.Model):
    """Places taken within one window of a security limit.

    Life cycle: one row per limit and digest of whom it counts; begins anew in place when its
    window is over; purged later. Written outside business transactions, by `limits.py` alone.
    """

    key = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:12]}: {self.n}"


class OutboxJob(models.Model):
    """Something to be done once its transaction has committed: a mail, above all.

    Life cycle: *waiting* from the transaction that put it in; *claimed* by one worker until
    `claimed_until`, after which another may take it over; *done*, and then without payload; or
    tried again later (`due_at`), and after too many failures *parked* until staff looks at it.
    `attempts` counts every claim and tells one claim from the next; `failures` are the job's own.
    """

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=60, blank=True, db_default="", default="")
    sealed_payload = models.TextField(blank=True)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    group = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True, db_index=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = "outbox job"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | models.Q(sealed_payload=""),
                name="outbox_done_is_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | models.Q(parked_at__isnull=True),
                name="outbox_done_or_parked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(done_at__isnull=True, parked_at__isnull=True),
                name="outbox_waiting",
            ),
            # Which jobs of a group come before another one.
            models.Index(
                fields=["group", "id"],
                condition=models.Q(done_at__isnull=True, parked_at__isnull=True)
                & ~models.Q(group=""),
                name="outbox_group_in_order",
            ),
            models.Index(
                fields=["parked_at"],
                condition=models.Q(parked_at__isnull=False),
                name="outbox_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.kind} {self.pk}"
