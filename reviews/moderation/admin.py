"""Merging two books in the admin, with a preview of what moves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from bookbridge.kernel.admin.acts import Act, ReasonForm, perform
from clubs.admin import BookAdmin
from clubs.models import Book, MergedBook
from reviews.moderation.merging import merge_books, preview


class IntoForm(forms.Form):
    """Which book remains."""

    into = forms.ModelChoiceField(
        queryset=Book.objects.all(),
        label=_("The book that remains"),
        help_text=_("Words of title and authors, or an ISBN."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = AutocompleteSelect(MergedBook._meta.get_field("into"), admin.site)
        widget.choices = self.fields["into"].choices  # type: ignore[attr-defined]
        self.fields["into"].widget = widget


def _choose(book: Book, by: Any, data: dict[str, Any]) -> None:
    """Never called: the page of this act leads on to the merge."""


class MergingBookAdmin(BookAdmin):
    """The catalogue, with the way to merge a book into another."""

    acts = (Act("merge", _("Merge into another"), _choose, IntoForm),)

    def get_urls(self) -> list[Any]:
        """The page of a merge, besides the usual ones."""
        page = path(
            "<int:book_id>/merge/<int:into_id>/",
            self.admin_site.admin_view(self.merge_view),
            name="clubs_book_merge",
        )
        return [page, *super().get_urls()]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask which book remains; two that were chosen in the list go straight to the preview."""
        keys = [key for key in request.GET.get("ids", "").split(",") if key.isdigit()]
        books = list(Book.objects.filter(pk__in=keys).order_by("-rating_count", "pk")[:2])
        if name == "merge" and len(keys) == len(books) == 2:
            return HttpResponseRedirect(_merge_address(books[1].pk, books[0].pk))
        if len(keys) > 2:
            messages.error(request, _("Choose one book, or two."))
            return HttpResponseRedirect(reverse("admin:clubs_book_changelist"))
        form = IntoForm(request.POST or None)
        if books and request.method == "POST" and form.is_valid():
            into = form.cleaned_data["into"]
            if into.pk != books[0].pk:
                return HttpResponseRedirect(_merge_address(books[0].pk, into.pk))
            messages.error(request, _("A book cannot be merged into itself."))
            return HttpResponseRedirect(request.get_full_path())
        return (
            super().act_view(request, name)
            if not form.is_bound
            else self._asked(request, books, form)
        )

    def _asked(self, request: HttpRequest, books: list[Book], form: forms.Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Merge into another"),
            "form": form,
            "things": [(book, str(book)) for book in books],
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/act.html", context)

    def merge_view(self, request: HttpRequest, book_id: int, into_id: int) -> HttpResponse:
        """What would move, and the merge."""
        books = Book.objects.in_bulk([book_id, into_id])
        if len(books) != 2:
            raise Http404
        book, into = books[book_id], books[into_id]
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            act = Act(
                "merge",
                _("Merge"),
                lambda thing, by, data: _merge(thing, into, by, data),
            )
            if perform(request, act, [book], form.cleaned_data):
                self.log_change(request, into, f"merge: {form.cleaned_data['reason']}")
            return HttpResponseRedirect(reverse("admin:clubs_book_change", args=[into_id]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Merge"),
            "book": book,
            "into": into,
            "plan": preview(book=book, into=into),
            "other_way": _merge_address(into_id, book_id),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/merge.html", context)


def _merge(book: Book, into: Book, by: Any, data: dict[str, Any]) -> None:
    merge_books(book_id=book.pk, into_id=into.pk, by=by, reason=data["reason"])


def _merge_address(book_id: int, into_id: int) -> str:
    return reverse("admin:clubs_book_merge", args=[book_id, into_id])
