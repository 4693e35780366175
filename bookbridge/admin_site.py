"""The admin site: who may enter, how they sign in, and what its first page shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import recognise
from accounts.site_roles import rank_of
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import OutboxJob
from clubs.models import Club
from reviews.models import Report
from stats import caching, queries

BACKEND = "django.contrib.auth.backends.ModelBackend"
QUEUE_SHOWN = 8


class SignInForm(AdminAuthenticationForm):
    """The same account, the same limits on guessing and the same wait as in the API."""

    def clean(self) -> dict[str, Any]:
        """Recognise who signs in; say no more to who may not enter than to who guesses."""
        login, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if login and password:
            try:
                reader = recognise(
                    login=login,
                    password=password,
                    address=client_address(self.request),  # type: ignore[arg-type]
                )
            except DomainError as error:
                raise forms.ValidationError(str(error), error.code) from None
            self.confirm_login_allowed(reader)
            reader.backend = BACKEND
            self.user_cache = reader
        return self.cleaned_data

    def confirm_login_allowed(self, user: Any) -> None:
        """Only site staff enters."""
        super().confirm_login_allowed(user)
        if not rank_of(user):
            raise self.get_invalid_login_error()


class ModeratorSite(admin.AdminSite):
    """For site moderators and admins; every model is there to be looked at."""

    site_title = gettext_lazy("BookBridge moderation")
    site_header = gettext_lazy("BookBridge moderation")
    index_title = gettext_lazy("Overview")
    site_url = "/api/docs/"
    login_form = SignInForm
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody is site staff now; asked once in a request."""
        known: bool | None = getattr(request, "_is_site_staff", None)
        if known is None:
            user: Any = request.user
            known = bool(user.is_active and user.is_staff and rank_of(user))
            request._is_site_staff = known  # type: ignore[attr-defined]
        return known

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Not here: a password changed behind the API's back would leave sessions open."""
        return self.index(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """What waits for a decision, how the platform is doing, and the way to all records."""
        open_reports = Report.objects.filter(status="open")
        context = {
            "queue": open_reports.select_related("about").order_by("created_at", "id")[
                :QUEUE_SHOWN
            ],
            "waiting": open_reports.count(),
            "parked": OutboxJob.objects.parked().count(),
            "figures": _figures(),
            "charts": _charts(),
            **(extra_context or {}),
        }
        return super().index(request, context)


def _figures() -> list[dict[str, Any]]:
    site = caching.answer("site", queries.site_figures, reader_id=None)
    mean = site["mean_rating"]
    suspended = User.objects.filter(suspended_at__isnull=False).count()
    hidden_clubs = Club.objects.filter(hidden_at__isnull=False).count()
    return [
        _figure(_("Readers"), site["readers"], "accounts_user"),
        _figure(_("Clubs"), site["clubs"], "clubs_club"),
        _figure(_("Books"), site["books"], "clubs_book"),
        _figure(_("Reviews"), site["reviews"], "reviews_review"),
        _figure(_("Mean rating"), "–" if mean is None else f"{mean:.2f}"),
        _figure(_("Suspended readers"), suspended, "accounts_user", "?suspended=yes"),
        _figure(_("Hidden clubs"), hidden_clubs, "clubs_club", "?hidden=yes"),
    ]


def _figure(label: str, value: Any, model: str = "", query: str = "") -> dict[str, Any]:
    url = reverse(f"admin:{model}_changelist") + query if model else ""
    text = f"{value:,}" if isinstance(value, int) else value
    return {"label": label, "value": text, "url": url}


def _charts() -> list[dict[str, str]]:
    address = reverse("stats-chart")
    return [
        {
            "url": f"{address}?series=months",
            "label": _("Reviews and finished books, month by month"),
        },
        {"url": f"{address}?series=top_books", "label": _("The best rated books")},
    ]
