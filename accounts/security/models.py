"""One table of events, only ever added to, and the addresses and devices that it forgets."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SecurityEvent(models.Model):
    """Something that happened to an account: a sign-in, a failure, a reset, a change of roles.

    Life cycle: written when it happens and final from then on. Readers are named by key, so
    that nothing personal of somebody who left remains; where it came from is in `SecurityTrace`.
    """

    kind = models.CharField(max_length=40)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reader", "-id"], name="security_event_of_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class SecurityTrace(models.Model):
    """Where an event came from, kept for 90 days and gone when the reader leaves."""

    event = models.OneToOneField(SecurityEvent, on_delete=models.CASCADE, related_name="trace")
    address_prefix = models.CharField(max_length=50, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.address_prefix
