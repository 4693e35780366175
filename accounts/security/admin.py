"""The security record in the admin, to be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import SecurityEvent, User
from accounts.security.models import EventKind, SecurityTrace
from bookbridge.kernel.admin import ReadOnlyInline
from bookbridge.kernel.admin.records import RecordAdmin


class KindFilter(admin.SimpleListFilter):
    """Events of one kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """Every kind there is."""
        return list(EventKind.choices)

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class TraceInline(ReadOnlyInline):
    """Where it came from, for as long as that is kept."""

    model = SecurityTrace
    fields = readonly_fields = ("address_prefix", "user_agent")
    verbose_name = verbose_name_plural = _("Where it came from")


@admin.register(SecurityEvent)
class SecurityEventAdmin(RecordAdmin):
    """What happened to accounts, and who of the staff did what to them."""

    export_columns = ("id", "created_at", "kind", "reader__username", "by__username", "details")
    list_display = ("created_at", "label", "reader", "by")
    list_select_related = ("reader", "by")
    list_filter = (KindFilter,)
    date_hierarchy = "created_at"
    sortable_by = ("created_at",)
    search_fields = ("reader__username__startswith",)
    search_help_text = _("The beginning of a username.")
    fields = ("created_at", "label", "kind", "reader", "by", "details")
    inlines = (TraceInline,)

    def find(self, queryset: Any, text: str) -> Any:
        """By whom it is about; readers first, so that the list reads its index."""
        readers = User.objects.filter(username__startswith=text.lower())[:100]
        return queryset.filter(reader__in=list(readers.values_list("pk", flat=True)))
