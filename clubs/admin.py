"""Clubs, memberships, reading lists and the catalogue in the admin.

Site moderators see clubs as strangers do: of clubs that are not public only the card, of hidden
ones nothing, unless it was the moderators who hid them. Not shown: what belongs to clubs that are
not public, tokens of invitations, retired slugs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookbridge.kernel.admin import ReadOnlyInline
from bookbridge.kernel.admin.acts import Act
from bookbridge.kernel.admin.records import RecordAdmin
from clubs.books.search import matching_books
from clubs.membership.moderation import hide_club, show_club
from clubs.models import (
    Author,
    Authorship,
    Club,
    EntryMove,
    Invitation,
    Isbn,
    ListEntry,
    Membership,
    MergedBook,
    Support,
)

if TYPE_CHECKING:
    from accounts.models import User

RATINGS = ("rating_count", "rating_sum")


def _hide(club: Club, by: User, data: dict[str, Any]) -> None:
    hide_club(club=club, by=by, reason=data["reason"])


def _show(club: Club, by: User, data: dict[str, Any]) -> None:
    show_club(club=club, by=by, reason=data["reason"])


class HiddenFilter(admin.SimpleListFilter):
    """What the moderators hid."""

    title = _("hidden by moderators")
    parameter_name = "hidden"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """Yes and no."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(hidden_at__isnull=self.value() == "no")


class AuthorshipInline(ReadOnlyInline):
    """The authors of a book."""

    model = Authorship
    fields = ("author", "position")


class IsbnInline(ReadOnlyInline):
    """The ISBNs of a book."""

    model = Isbn
    fields = ("isbn13",)


class EntryMoveInline(ReadOnlyInline):
    """How an entry came to where it stands."""

    model = EntryMove
    fields = ("from_status", "to_status", "moved_by", "moved_at")
    readonly_fields = fields


@admin.register(Club)
class ClubAdmin(RecordAdmin):
    """The cards of clubs."""

    acts = (
        Act("hide", _("Hide"), _hide, possible=lambda club: club.hidden_at is None),
        Act("show", _("Show again"), _show, possible=lambda club: club.hidden_at is not None),
    )
    export_columns = ("id", "slug", "name", "visibility", "language", "members_count", "created_at")
    list_display = ("name", "slug", "visibility", "members_count", "created_at", "hidden_at")
    list_filter = (HiddenFilter, "visibility", "join_policy", "language")
    date_hierarchy = "created_at"
    search_fields = ("name",)
    search_help_text = _("The beginnings of words of name and description.")
    fields = (
        "name",
        "slug",
        "description",
        "language",
        "time_zone",
        "visibility",
        "join_policy",
        "max_members",
        "members_count",
        "created_at",
        "archived_at",
        "hidden_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Club]:
        """Clubs whose card strangers see, and those that the moderators hid."""
        known = ~Q(visibility="hidden") | Q(hidden_at__isnull=False)
        return super().get_queryset(request).filter(known)

    def find(self, queryset: Any, text: str) -> Any:
        """As the API searches clubs."""
        return queryset.matching(text)


class ContentAdmin(RecordAdmin):
    """What is in public clubs; `club_path` leads to the club."""

    club_path = "club"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only what everybody may read."""
        public = {f"{self.club_path}__visibility": "public"}
        return super().get_queryset(request).filter(**public)


@admin.register(Membership)
class MembershipAdmin(ContentAdmin):
    """Who belongs to public clubs."""

    export_columns = ("id", "club__slug", "reader__username", "state", "role", "joined_at")
    list_display = ("id", "club", "reader", "state", "role", "joined_at")
    list_select_related = ("club", "reader")
    list_filter = ("state", "role")
    search_fields = ("reader__username__startswith", "club__slug__startswith")
    fields = ("club", "reader", "state", "role", "joined_at", "removed_at")


@admin.register(Invitation)
class InvitationAdmin(ContentAdmin):
    """Invitations to public clubs; no token."""

    export_columns = ("id", "club__slug", "max_uses", "uses", "created_at", "revoked_at")
    list_display = ("id", "club", "created_by", "uses", "max_uses", "created_at", "expires_at")
    list_select_related = ("club", "created_by")
    search_fields = ("club__slug__startswith",)
    fields = ("club", "created_by", "uses", "max_uses", "created_at", "expires_at", "revoked_at")


@admin.register(ListEntry)
class ListEntryAdmin(ContentAdmin):
    """The reading lists of public clubs."""

    export_columns = ("id", "club__slug", "book_id", "book__title", "status", "finished_on")
    list_display = ("id", "club", "book", "status", "position", "started_on", "finished_on")
    list_select_related = ("club", "book")
    list_filter = ("status",)
    date_hierarchy = "finished_on"
    search_fields = ("club__slug__startswith", "book__title__startswith")
    fields = (
        "club",
        "book",
        "status",
        "position",
        "pitch",
        "proposed_by",
        "supporters_count",
        "started_on",
        "finished_on",
    )
    inlines = (EntryMoveInline,)


@admin.register(Support)
class SupportAdmin(ContentAdmin):
    """Who supports proposals in public clubs."""

    club_path = "entry__club"
    export_columns = ("id", "entry_id", "reader__username", "created_at")
    list_display = ("id", "entry", "reader", "created_at")
    list_select_related = ("entry", "reader")
    search_fields = ("reader__username__startswith",)
    fields = ("entry", "reader", "created_at")


class BookAdmin(RecordAdmin):
    """The catalogue; registered in reviews, which know how two books become one."""

    export_columns = ("id", "title", "published_year", "language", "page_count", *RATINGS)
    list_display = (
        "title",
        "published_year",
        "language",
        "rating_count",
        "weighted_mean",
        "created_at",
    )
    list_filter = ("language",)
    date_hierarchy = "created_at"
    search_fields = ("title",)
    search_help_text = _("Words of title and authors, or an ISBN.")
    fields = (
        "title",
        "subtitle",
        "published_year",
        "language",
        "page_count",
        "description",
        "cover_url",
        "added_by",
        "shared_at",
        "created_at",
        *RATINGS,
        "weighted_mean",
    )
    inlines = (AuthorshipInline, IsbnInline)

    def find(self, queryset: Any, text: str) -> Any:
        """As the API searches books."""
        return matching_books(queryset, text)


@admin.register(Author)
class AuthorAdmin(RecordAdmin):
    """Who wrote the books."""

    export_columns = ("id", "name")
    list_display = ("name",)
    search_fields = ("name_key__startswith",)
    fields = ("name",)


@admin.register(Isbn)
class IsbnAdmin(RecordAdmin):
    """Under which numbers books are known."""

    export_columns = ("isbn13", "book_id", "book__title")
    list_display = ("isbn13", "book")
    list_select_related = ("book",)
    search_fields = ("isbn13__startswith",)
    fields = ("isbn13", "book")


@admin.register(MergedBook)
class MergedBookAdmin(RecordAdmin):
    """Where the addresses of merged books lead."""

    export_columns = ("old_id", "into_id", "merged_at")
    list_display = ("old_id", "into", "merged_at")
    list_select_related = ("into",)
    date_hierarchy = "merged_at"
    search_fields = ("=old_id", "=into__id")
    fields = ("old_id", "into", "merged_at")
