"""Which reports a list shows."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


class ReportQuerySet(models.QuerySet[Any]):
    """Reports; who may read them is asked by the view."""

    def narrowed(
        self,
        *,
        status: str | None = None,
        kind: str | None = None,
        reason: str | None = None,
        **others: Any,
    ) -> ReportQuerySet:
        """Reports that fit the filters of a list; `others` filter nothing."""
        wanted = {"status": status, "target_kind": kind, "reason": reason}
        return self.filter(**{name: value for name, value in wanted.items() if value is not None})

    def with_others(self) -> ReportQuerySet:
        """Annotate `other_reports`: how many more are open about the same thing."""
        same = (
            self.model._default_manager.filter(
                ~Q(pk=OuterRef("pk")),
                target_kind=OuterRef("target_kind"),
                target_id=OuterRef("target_id"),
                status="open",
            )
            .order_by()
            .values("target_kind")
            .annotate(number=Count("pk"))
            .values("number")
        )
        return self.annotate(other_reports=Coalesce(Subquery(same), 0))
