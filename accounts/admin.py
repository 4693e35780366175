"""Readers and the moderation record in the admin; sessions and retired names are shown nowhere.

The security record is in `security/admin.py`.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ADMIN, MODERATOR, ModerationRecord, Notice, User
from accounts.security.admin import SecurityEventAdmin
from accounts.services import reinstate_reader, set_roles, suspend_reader, warn_reader
from bookbridge.kernel.admin.acts import Act, SuspendForm
from bookbridge.kernel.admin.records import RecordAdmin

__all__ = ["ModerationRecordAdmin", "NoticeAdmin", "SecurityEventAdmin", "UserAdmin"]

READER = ("username", "display_name")


def _suspend(reader: User, by: User, data: dict[str, Any]) -> None:
    suspend_reader(reader=reader, by=by, reason=data["reason"], until=data["until"])


def _reinstate(reader: User, by: User, data: dict[str, Any]) -> None:
    reinstate_reader(reader=reader, by=by, reason=data["reason"])


def _warn(reader: User, by: User, data: dict[str, Any]) -> None:
    warn_reader(reader=reader, by=by, reason=data["reason"])


class RolesForm(forms.Form):
    """All site roles that somebody is to have."""

    CHOICES = {
        "none": (_("No role"), ()),
        "moderator": (_("Moderator"), (MODERATOR,)),
        "admin": (_("Admin"), (ADMIN,)),
        "both": (_("Moderator and admin"), (MODERATOR, ADMIN)),
    }

    roles = forms.ChoiceField(
        label=_("Site roles"),
        choices=[(name, label) for name, (label, _roles) in CHOICES.items()],
        widget=forms.RadioSelect,
        help_text=_("For admins. A role that is withdrawn ends the reader's sessions here."),
    )


def _set_roles(reader: User, by: User, data: dict[str, Any]) -> None:
    set_roles(reader=reader, by=by, roles=RolesForm.CHOICES[data["roles"]][1])


def is_here(reader: User) -> bool:
    """Whether the reader has not left."""
    return reader.erased_at is None


def is_person(reader: User) -> bool:
    """Whether the reader has not left and can sign in at all."""
    return reader.erased_at is None and reader.imported_at is None


class SuspendedFilter(admin.SimpleListFilter):
    """Readers who are shut out now."""

    title = _("suspended")
    parameter_name = "suspended"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """Yes and no."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        still = Q(suspended_until__isnull=True) | Q(suspended_until__gt=timezone.now())
        shut_out = Q(suspended_at__isnull=False) & still
        if self.value() == "yes":
            return queryset.filter(shut_out)
        return queryset.exclude(shut_out) if self.value() == "no" else queryset


@admin.register(User)
class UserAdmin(RecordAdmin):
    """Readers. The hash of the password is not shown, the address only to superusers."""

    acts = (
        Act("warn", _("Warn"), _warn, possible=is_here),
        Act("suspend", _("Suspend"), _suspend, SuspendForm, possible=is_here),
        Act("roles", _("Site roles"), _set_roles, RolesForm, possible=is_person),
        Act("reinstate", _("Reinstate"), _reinstate, possible=lambda r: bool(r.suspended_at)),
    )
    export_columns = (
        "id",
        *READER,
        "language",
        "created_at",
        "suspended_at",
        "suspended_until",
    )
    list_display = ("username", "display_name", "created_at", "suspended_at", "is_staff")
    list_filter = (SuspendedFilter, "is_staff", "groups", "language")
    date_hierarchy = "created_at"
    search_fields = ("username",)
    search_help_text = _("The beginnings of words of username and display name.")
    fields = (
        *READER,
        "bio",
        "language",
        "time_zone",
        "created_at",
        "groups",
        "is_staff",
        "is_superuser",
        "suspended_at",
        "suspended_until",
        "suspension_reason",
        "leaves_at",
        "erased_at",
        "updated_at",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What of a reader is shown."""
        return self.get_readonly_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The address to superusers besides."""
        secret = (
            ("email", "email_verified_at", "pending_email") if request.user.is_superuser else ()
        )
        return (*super().get_readonly_fields(request, obj), *secret)

    def describe(self, thing: Any) -> str:
        """The username, and the roles held now."""
        roles = ", ".join(thing.site_roles())
        return f"{thing} ({roles})" if roles else str(thing)

    def find(self, queryset: Any, text: str) -> Any:
        """As the API searches readers."""
        return queryset.matching(text)


@admin.register(ModerationRecord)
class ModerationRecordAdmin(RecordAdmin):
    """Who did what to whom, when and why."""

    export_columns = (
        "id",
        "at",
        "actor__username",
        "verb",
        "target_kind",
        "target_id",
        "reader__username",
        "reason",
    )
    list_display = ("at", "actor", "verb", "target_kind", "target_id", "reader", "reason")
    list_select_related = ("actor", "reader")
    list_filter = ("verb", "target_kind")
    date_hierarchy = "at"
    search_fields = ("actor__username__startswith", "reader__username__startswith", "=target_id")
    fields = (
        "at",
        "actor",
        "verb",
        "target_kind",
        "target_id",
        "reader",
        "reason",
        "before",
        "after",
    )


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """What readers were told by the moderators, and whether they read it."""

    export_columns = ("id", "reader__username", "kind", "created_at", "dismissed_at")
    list_display = ("id", "reader", "kind", "created_at", "dismissed_at")
    list_select_related = ("reader",)
    list_filter = ("kind",)
    search_fields = ("reader__username__startswith",)
    fields = ("reader", "kind", "reason", "about_kind", "about_id", "created_at", "dismissed_at")
