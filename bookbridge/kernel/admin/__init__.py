"""The base of all pages of the admin site: records to look at.

Records are changed through services, which keep the rules and the counts; so nothing is added,
changed or deleted here. Whoever is staff may look. What a club keeps to its members is not shown
to staff either: site moderators and admins see clubs as strangers do.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class _OnlyLooking:
    """The permissions of pages that show and change nothing."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Staff see that there is something."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff may look."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


class ReadOnlyAdmin(_OnlyLooking, admin.ModelAdmin):
    """A list and a page for each record, to look at."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Every column but those excluded: no form is built, whose fields could be written."""
        left_out = {*(self.exclude or ()), self.opts.pk.name}
        return tuple(field.name for field in self.opts.fields if field.name not in left_out)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The same."""
        return self.get_readonly_fields(request, obj)


class ReadOnlyInline(_OnlyLooking, admin.TabularInline):
    """Rows that belong to a record, to look at."""

    extra = 0
    can_delete = False
