"""Reviews, likes and reports in the admin, and books, which can be merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bookbridge.kernel.admin.acts import Act, ReasonForm, SuspendForm
from bookbridge.kernel.admin.records import RecordAdmin
from clubs.admin import HiddenFilter
from clubs.books.search import search_books
from clubs.models import Book
from reviews.models import Like, Report, Review
from reviews.moderation.admin import MergingBookAdmin
from reviews.reports.models import Action
from reviews.reports.services import dismiss_report, open_report, uphold_report
from reviews.services import hide_review, show_review

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Reviews of so many readers and books are found by a search.
FOUND = 200
SHOWN_WORDS = 60

admin.site.register(Book, MergingBookAdmin)


def _hide(review: Review, by: User, data: dict[str, Any]) -> None:
    hide_review(review=review, by=by, reason=data["reason"])


def _show(review: Review, by: User, data: dict[str, Any]) -> None:
    show_review(review=review, by=by, reason=data["reason"])


class RatingFilter(admin.SimpleListFilter):
    """Reviews by their stars."""

    title = _("rating")
    parameter_name = "stars"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """Half a star to five."""
        return [(str(half), f"{half / 2:g}") for half in range(10, 0, -1)]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        value = self.value()
        return queryset.filter(rating=int(value)) if value and value.isdigit() else queryset


@admin.register(Review)
class ReviewAdmin(RecordAdmin):
    """Reviews that everybody may read, or could before they were hidden."""

    acts = (
        Act("hide", _("Hide"), _hide, possible=lambda review: review.hidden_at is None),
        Act("show", _("Show again"), _show, possible=lambda review: review.hidden_at is not None),
    )
    export_columns = (
        "id",
        "book_id",
        "book__title",
        "author__username",
        "rating",
        "title",
        "text",
        "likes_count",
        "created_at",
        "edited_at",
        "hidden_at",
    )
    list_display = ("id", "book", "author", "stars", "beginning", "created_at", "hidden_at")
    sortable_by = ("id", "book", "author", "created_at")  # what has an index, on a million rows
    list_select_related = ("book", "author")
    list_filter = (HiddenFilter, RatingFilter, "contains_spoilers")
    date_hierarchy = "created_at"
    search_fields = ("=id",)
    search_help_text = _("The id, the author's name, or words of the book.")
    fields = (
        "book",
        "author",
        "club",
        "stars",
        "title",
        "text",
        "contains_spoilers",
        "language",
        "likes_count",
        "created_at",
        "edited_at",
        "hidden_at",
    )
    readonly_fields = ("stars",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        """What strangers may read, hidden or not."""
        public = Q(club__isnull=True) | Q(club__visibility="public")
        return super().get_queryset(request).filter(public)

    def find(self, queryset: Any, text: str) -> Any:
        """By id, by author, by book: keys first, so that the list reads an index."""
        readers = User.objects.visible().filter(username__startswith=text.lower())
        books = search_books(Book.objects.all(), text)
        found = Q(author__in=_keys(readers)) | Q(book__in=_keys(books))
        if text.isascii() and text.isdigit() and len(text) < 19:
            found |= Q(pk=int(text))
        return queryset.filter(found)

    def describe(self, thing: Review) -> str:
        """Whose words they are, and the words."""
        words = "\n".join(part for part in (thing.title, thing.text) if part)
        return f"{thing.author.username}: {thing.book.title}, {thing.rating / 2:g} ★\n{words}"

    @admin.display(description=_("stars"))
    def stars(self, review: Review) -> str:
        """As readers see them."""
        return f"{review.rating / 2:g}"

    @admin.display(description=_("beginning"))
    def beginning(self, review: Review) -> str:
        """The first words."""
        return Truncator(review.title or review.text).chars(SHOWN_WORDS)


@admin.register(Like)
class LikeAdmin(RecordAdmin):
    """Who likes which review."""

    export_columns = ("id", "review_id", "reader__username", "created_at")
    list_display = ("id", "review", "reader", "created_at")
    list_select_related = ("review", "reader")
    search_fields = ("=review__id",)
    fields = ("review", "reader", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Like]:
        """Likes of what strangers may read."""
        public = Q(review__club__isnull=True) | Q(review__club__visibility="public")
        return super().get_queryset(request).filter(public)


class UpholdForm(SuspendForm):
    """What is done, why, and until when a suspension lasts."""

    field_order = ("action", "reason", "until")
    action = forms.ChoiceField(label=_("What is done"), choices=Action.choices)


def _uphold(report: Report, by: User, data: dict[str, Any]) -> None:
    uphold_report(
        report=report,
        by=by,
        action=data["action"],
        reason=data["reason"],
        until=data["until"],
    )


def _dismiss(report: Report, by: User, data: dict[str, Any]) -> None:
    dismiss_report(report=report, by=by, reason=data["reason"])


def _is_open(report: Report) -> bool:
    return report.status == "open"


@admin.register(Report)
class ReportAdmin(RecordAdmin):
    """The queue; opening a report shows the words as they were, and is on the record."""

    acts = (
        Act("uphold", _("Uphold"), _uphold, UpholdForm, possible=_is_open),
        Act("dismiss", _("Dismiss"), _dismiss, ReasonForm, possible=_is_open),
    )
    export_columns = (
        "id",
        "target_kind",
        "target_id",
        "reason",
        "status",
        "action",
        "created_at",
        "decided_at",
        "decided_by__username",
        "decision_reason",
    )
    list_display = (
        "id",
        "status",
        "reason",
        "target_kind",
        "target_id",
        "about",
        "reporter",
        "created_at",
    )
    list_select_related = ("about", "reporter")
    list_filter = ("status", "target_kind", "reason", "action")
    date_hierarchy = "created_at"
    search_fields = ("about__username__startswith", "reporter__username__startswith")
    fields = (
        "status",
        "target_kind",
        "target_id",
        "about",
        "reporter",
        "reason",
        "comment",
        "created_at",
        "action",
        "until",
        "decided_by",
        "decided_at",
        "decision_reason",
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The report with the words that were reported."""
        report: Report | None = self.get_object(request, object_id)
        shown: list[tuple[str, Any]] = []
        if report is not None and self.has_view_permission(request):
            reader: Any = request.user
            kept = open_report(report=report, by=reader)
            shown = list(kept.content.items()) if kept else []
        return super().change_view(request, object_id, form_url, {"kept": shown})

    def describe(self, thing: Report) -> str:
        """What was reported, and what was said about it."""
        comment = f"\n{thing.comment}" if thing.comment else ""
        return f"{thing.get_reason_display()}: {thing.target_kind} {thing.target_id}{comment}"


def _keys(found: Any) -> Iterable[int]:
    return list(found.values_list("pk", flat=True)[:FOUND])
