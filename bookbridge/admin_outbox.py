"""The outbox in the admin: what waits, what was given up. Neither texts nor addresses are shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookbridge.kernel.admin.acts import Act
from bookbridge.kernel.admin.records import RecordAdmin
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.services import try_again

STATES: dict[str, str | Promise] = {
    "waiting": _("Waiting"),
    "parked": _("Parked"),
    "done": _("Done"),
}


def state_of(job: OutboxJob) -> str:
    """Its name in `STATES`."""
    if job.done_at is not None:
        return "done"
    return "waiting" if job.parked_at is None else "parked"


class StateFilter(admin.SimpleListFilter):
    """Waiting, parked or done."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """The three."""
        return list(STATES.items())

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() == "done":
            return queryset.filter(done_at__isnull=False)
        if self.value() == "parked":
            return queryset.filter(parked_at__isnull=False)
        if self.value() == "waiting":
            return queryset.filter(done_at__isnull=True, parked_at__isnull=True)
        return queryset


def _again(job: OutboxJob, by: Any, data: dict[str, Any]) -> None:
    try_again(job)


@admin.register(OutboxJob)
class OutboxJobAdmin(RecordAdmin):
    """Mails and other jobs."""

    acts = (
        Act(
            "try_again",
            _("Try again"),
            _again,
            forms.Form,
            possible=lambda job: job.parked_at is not None and bool(job.sealed_payload),
        ),
    )
    export_columns = (
        "id",
        "kind",
        "label",
        "reader__username",
        "created_at",
        "due_at",
        "attempts",
        "parked_at",
        "done_at",
        "last_error",
    )
    list_display = ("id", "label", "reader", "state", "attempts", "due_at", "last_error")
    list_select_related = ("reader",)
    list_filter = (StateFilter,)
    sortable_by = ("id",)
    search_fields = ("reader__username__startswith",)
    fields = (
        "kind",
        "label",
        "reader",
        "state",
        "created_at",
        "due_at",
        "attempts",
        "failures",
        "claimed_until",
        "parked_at",
        "done_at",
        "last_error",
    )

    @admin.display(description=_("state"))
    def state(self, job: OutboxJob) -> str:
        """In words."""
        return str(STATES[state_of(job)])
