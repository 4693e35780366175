"""Which entries of reading lists may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Value

if TYPE_CHECKING:
    from accounts.models import User


class EntryQuerySet(models.QuerySet[Any]):
    """Entries of reading lists; who may read a list is asked of its club."""

    def in_order(self) -> EntryQuerySet:
        """As the club arranged its list."""
        return self.order_by("position", "id")

    def with_support_of(self, viewer: User | None) -> EntryQuerySet:
        """Annotate `supported_by_me`: whether `viewer` supports the proposal."""
        if viewer is None:
            return self.annotate(supported_by_me=Value(False))
        supports = self.model._meta.get_field("supports").related_model
        own = supports.objects.filter(entry=OuterRef("pk"), reader=viewer)
        return self.annotate(supported_by_me=Exists(own))
