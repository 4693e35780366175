"""Personal access tokens as they are kept: a digest, and what their reader knows them by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class PersonalTokenQuerySet(models.QuerySet[Any]):
    """Tokens by whether they still count."""

    def kept(self) -> PersonalTokenQuerySet:
        """Not revoked, though maybe expired: what their reader is shown."""
        return self.filter(revoked_at__isnull=True)

    def live(self) -> PersonalTokenQuerySet:
        """Neither revoked nor expired."""
        return self.kept().filter(expires_at__gt=timezone.now())

    def ended_by(self, moment: datetime) -> PersonalTokenQuerySet:
        """Expired or revoked at `moment` or before."""
        return self.filter(Q(expires_at__lte=moment) | Q(revoked_at__lte=moment))


class PersonalToken(models.Model):
    """A secret with which a script acts for its reader, within its scopes and until it expires.

    Life cycle: made in a fresh session, and shown that once; used; *revoked* by its reader or
    with everything else of theirs, or *expired*; forgotten 30 days later.

    `beginning` is what one recognises the token by, `scopes` are words separated by spaces.
    """

    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_tokens"
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12)
    scopes = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address_prefix = models.CharField(max_length=50, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    objects = PersonalTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.beginning
