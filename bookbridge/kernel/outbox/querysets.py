"""Questions to the outbox: what waits, what may be done now, what is stuck."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q


class OutboxQuerySet(models.QuerySet[Any]):
    """Jobs by their state."""

    def waiting(self) -> Self:
        """Neither done nor parked; a worker may be at some of them."""
        return self.filter(done_at__isnull=True, parked_at__isnull=True)

    def parked(self) -> Self:
        """Given up, until staff tries again."""
        return self.filter(parked_at__isnull=False)

    def due(self, now: datetime) -> Self:
        """Waiting, with nobody at them, and their time has come."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        return self.waiting().filter(free, due_at__lte=now)

    def next_in_group(self, now: datetime) -> Self:
        """Without those that must wait until an earlier job of their group is done.

        An earlier job that was put in for a later moment holds nothing up before that moment.
        """
        earlier = self.model._default_manager.waiting().filter(
            group=OuterRef("group"), id__lt=OuterRef("id"), not_before__lte=now
        )
        return self.filter(Q(group="") | ~Exists(earlier.exclude(group="")))

    def in_turn(self) -> Self:
        """The longest waiting first."""
        return self.order_by("due_at", "id")
