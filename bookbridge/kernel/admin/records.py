"""The base of all admin pages: records to be looked at, and acts to be done to them.

Nothing is edited in a form: what moderators may do goes through services. Columns are named one
by one, so that no hash, token or private text is shown because somebody added a field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from bookbridge.kernel.admin import ReadOnlyAdmin
from bookbridge.kernel.admin.acts import AT_ONCE, Act, perform
from bookbridge.kernel.admin.exporting import csv_response, json_response
from bookbridge.kernel.admin.paging import LargeTablePaginator


@admin.action(description=_("Export as CSV"))
def export_csv(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
    """The chosen rows for a spreadsheet."""
    return csv_response(queryset, model_admin.export_columns)


@admin.action(description=_("Export as JSON"))
def export_json(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
    """The chosen rows for a program."""
    return json_response(queryset, model_admin.export_columns)


class RecordList(ChangeList):
    """A list that is sorted by the columns of `sortable_by` alone, also by a typed address."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """The column to sort by; None where that would read the whole table."""
        if self.sortable_by and field_name not in self.sortable_by:
            return None
        return super().get_ordering_field(field_name)

    def get_filters(self, request: HttpRequest) -> Any:
        """As usual; also dates at the end of the calendar are only dates that nothing has."""
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters from error


class RecordAdmin(ReadOnlyAdmin):
    """A list with search, filters and exports, and a read-only page for each record.

    Attributes:
        acts: what can be done to a record.
        export_columns: what an export holds; names for `QuerySet.values_list`.
    """

    acts: ClassVar[Sequence[Act]] = ()
    export_columns: ClassVar[Sequence[str]] = ("id",)

    paginator = LargeTablePaginator
    list_max_show_all = 50
    ordering = ("-pk",)
    actions = (export_csv, export_json)  # type: ignore[assignment]
    show_facets = admin.ShowFacets.NEVER
    change_form_template = "admin/record.html"
    change_list_template = "admin/records.html"

    # -- who may ------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Site staff may look; the site knows who that is."""
        return self.admin_site.has_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Just the columns named in `fields`."""
        return tuple(self.fields or ())  # type: ignore[arg-type]

    # -- lists --------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Sorted by what has an index."""
        return RecordList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What the application's own search finds, else what the search fields hold."""
        text = search_term.replace("\x00", "").strip()
        found = self.find(queryset, text) if text else None
        if found is None:
            return super().get_search_results(request, queryset, text)
        return found, False

    def find(self, queryset: Any, text: str) -> Any:
        """What the application's own search finds; None asks the search fields instead."""
        return None

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Exports, and the acts of these records."""
        actions: dict[str, Any] = super().get_actions(request)
        for act in self.acts:
            actions[act.name] = (_leads_to(act.name), act.name, act.label)
        return actions

    # -- acts ---------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """The page of each act, besides the usual ones."""
        opts = self.opts
        page = path(
            "act/<slug:name>/",
            self.admin_site.admin_view(self.act_view),
            name=f"{opts.app_label}_{opts.model_name}_act",
        )
        return [page, *super().get_urls()]

    def act_address(self, name: str, keys: Sequence[Any]) -> str:
        """The page that does `name` to the records with these keys."""
        opts = self.opts
        page = reverse(
            f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_act", args=[name]
        )
        return f"{page}?{urlencode({'ids': ','.join(map(str, keys))})}"

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask for the reason, then do it."""
        act = next((each for each in self.acts if each.name == name), None)
        if act is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.get("ids", "").split(",")[:AT_ONCE]
        keys = [int(key) for key in given if key.isascii() and key.isdigit() and len(key) < 19]
        things: list[Model] = list(self.get_queryset(request).filter(pk__in=keys).order_by("pk"))
        if not things:
            raise Http404
        form = act.form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            for thing in perform(request, act, things, form.cleaned_data):
                reason = form.cleaned_data.get("reason", "")
                self.log_change(request, thing, f"{act.name}: {reason}")
            return HttpResponseRedirect(self._after(things))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "act": act,
            "form": form,
            "things": [(thing, self.describe(thing)) for thing in things],
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/act.html", context)

    def describe(self, thing: Any) -> str:
        """A record as the page of an act names it."""
        return str(thing)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The record, with a button for each act that is possible."""
        thing = self.get_object(request, object_id)
        acts = [
            {"label": act.label, "name": act.name, "url": self.act_address(act.name, [thing.pk])}
            for act in self.acts
            if thing is not None and act.possible(thing)
        ]
        context = {"acts": acts, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _after(self, things: list[Model]) -> str:
        opts = self.opts
        prefix = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}"
        if len(things) == 1 and self.get_queryset_keeps(things[0]):
            return reverse(f"{prefix}_change", args=[things[0].pk])
        return reverse(f"{prefix}_changelist")

    def get_queryset_keeps(self, thing: Model) -> bool:
        """Whether the record is still there to be shown."""
        return bool(self.model._default_manager.filter(pk=thing.pk).exists())


def _leads_to(name: str) -> Callable[..., HttpResponse]:
    def go(model_admin: RecordAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        keys = list(queryset.values_list("pk", flat=True)[:AT_ONCE])
        return HttpResponseRedirect(model_admin.act_address(name, keys))

    return go
