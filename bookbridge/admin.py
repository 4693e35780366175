"""What was done in the admin, in the admin. How the site introduces itself: `admin_site.py`."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from bookbridge.admin_outbox import OutboxJobAdmin
from bookbridge.kernel.admin.records import RecordAdmin

__all__ = ["LogEntryAdmin", "OutboxJobAdmin"]


@admin.register(LogEntry)
class LogEntryAdmin(RecordAdmin):
    """Who did what here, and when; why stands on the moderation record too."""

    export_columns = ("id", "action_time", "user__username", "object_id", "action_flag")
    list_display = ("action_time", "user", "content_type", "object_id")
    list_select_related = ("user", "content_type")
    date_hierarchy = "action_time"
    search_fields = ("user__username__startswith", "=object_id")
    fields = ("action_time", "user", "content_type", "object_id", "action_flag")
