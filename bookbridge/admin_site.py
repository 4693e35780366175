"""The admin site: who may enter, how they sign in, and what its first page shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from accounts.models import User
from accounts.services import recognise
from accounts.site_roles import lacks_required_factor, rank_of
from bookbridge.admin_second_factor import BACKEND, SecondStepView, SignInView, set_up
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import OutboxJob
from clubs.models import Club
from reviews.models import Report
from stats import caching, queries

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
        """Whether somebody is site staff now, with a second factor where one is asked for; asked
        once in a request.
        """
        known: bool | None = getattr(request, "_may_enter_admin", None)
        if known is None:
            known = _is_site_staff(request) and not lacks_required_factor(
                request.user  # type: ignore[arg-type]
            )
            request._may_enter_admin = known  # type: ignore[attr-defined]
        return known

    def get_urls(self) -> list[Any]:
        """The pages of the second factor besides."""
        return [
            path("login/code/", self.second_step, name="second-step"),
            path("second-factor/", self.second_factor, name="second-factor"),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The first step of signing in; staff who must set up a second factor are sent there."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        if request.method == "GET" and _is_site_staff(request):
            return redirect("admin:second-factor")
        context = self._signing_in(request) | (extra_context or {})
        view = SignInView.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name="admin/login.html",
        )
        return view(request)

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def second_step(self, request: HttpRequest) -> HttpResponseBase:
        """The second step of signing in: the code."""
        if request.method != "POST":
            return redirect("admin:login")
        return SecondStepView.as_view(extra_context=self._signing_in(request))(request)

    @method_decorator(never_cache)
    @method_decorator(csrf_protect)
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """One's own second factor; open to staff who cannot enter before they have one."""
        if not _is_site_staff(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        needed = lacks_required_factor(request.user)  # type: ignore[arg-type]
        context = {**self.each_context(request), "title": _("Second factor"), "needed": needed}
        return set_up(request, context)

    def _signing_in(self, request: HttpRequest) -> dict[str, Any]:
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
        }
        if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
            context[REDIRECT_FIELD_NAME] = reverse("admin:index")
        return context

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


def _is_site_staff(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_active and user.is_staff and rank_of(user))


def _figures() -> list[dict[str, Any]]:
    site = caching.answer("site", queries.site_figures, reader_id=None).data
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
