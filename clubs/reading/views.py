"""The reading list of a club over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from bookbridge.kernel.compiled import Question
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.responses import Answer
from clubs.books.models import Book
from clubs.books.services import find_or_fetch
from clubs.membership.models import Role
from clubs.membership.scoping import ClubScopedViewSet
from clubs.reading import services
from clubs.reading.models import ListEntry
from clubs.reading.querysets import EntryQuerySet
from clubs.reading.serializers import (
    EntryEditInput,
    EntryInput,
    EntryListQuery,
    OrderInput,
    OrderSerializer,
)
from clubs.reading.shapes import entry_shape

#: A list is read in the order its club gave it.
ORDERINGS: dict[str, tuple[str, ...]] = {"position": ("position", "id")}


def entry_of(*, club: Any, key: Any) -> EntryQuerySet:
    """One entry of the list of a club."""
    entries: EntryQuerySet = ListEntry.objects.filter(club_id=club, pk=key)
    return entries


def shown_entry(*, club: Any, key: Any, viewer: Any) -> EntryQuerySet:
    """The same as `viewer` sees it."""
    return entry_of(club=club, key=key).with_support_of(viewer)


class ListView(ClubScopedViewSet):
    """What the views of a reading list share."""

    tag = "reading list"

    def entries(self) -> EntryQuerySet:
        """The list of this club."""
        entries: EntryQuerySet = ListEntry.objects.filter(club=self.club)
        return entries

    def entry(self, entry_id: int) -> ListEntry:
        """One entry of this list, or 404."""
        entry: ListEntry | None = Question(entry_of, club=self.club.pk, key=entry_id).first()
        if entry is None:
            raise Missing()
        return entry


class EntryViewSet(ListView):
    """The books on the list."""

    operations = {
        "list": Operation(
            "The reading list of a club",
            answer=entry_shape,
            paged=True,
            query=EntryListQuery,
            public=True,
            description="In the order that the club gave it.",
        ),
        "create": Operation(
            "Add a book to the list",
            verified=True,
            answer=entry_shape,
            status=201,
            body=EntryInput,
            role=Role.MEMBER,
            forbidden=("not_a_member", "role_too_low"),
            conflicts=("already_listed", "club_archived", "possible_duplicate"),
            description=(
                "By `book` or by `isbn`, which is looked up here, then at Open Library. Members "
                "propose; staff may begin with any `status` but `dropped`."
            ),
            example={"isbn": "9780439023481", "pitch": "Short, and everybody will talk."},
        ),
        "retrieve": Operation(
            "One entry of the list", answer=entry_shape, query=ItemQuery, public=True
        ),
        "partial_update": Operation(
            "Move an entry, or change its pitch",
            verified=True,
            answer=entry_shape,
            body=EntryEditInput,
            role=Role.MEMBER,
            forbidden=("not_a_member", "not_your_pitch", "role_too_low"),
            conflicts=("club_archived", "illegal_move"),
            if_match=True,
            description=(
                "Staff move an entry: proposed, planned, reading, finished; dropped from any but "
                "finished, and back to proposed; finished to reading again. Its pitch belongs to "
                "who proposed it."
            ),
            example={"status": "planned"},
        ),
        "destroy": Operation(
            "Take a book off the list",
            role=Role.MEMBER,
            forbidden=("not_a_member", "role_too_low"),
            conflicts=("club_archived", "entry_was_finished", "not_a_proposal"),
            if_match=True,
            description="Staff, or who proposed the book as long as it is a proposal.",
        ),
    }

    def list(self, request: Request, slug: str) -> Answer:
        """The list, or the entries in one status."""
        found, status = self.entries(), self.query().get("status")
        if status is not None:
            found = found.filter(status=status)
        return self.page(found.with_support_of(self.viewer), entry_shape, ORDERINGS)

    def create(self, request: Request, slug: str) -> Answer:
        """Add a book."""
        data = self.body()
        entry = services.add_entry(
            club=self.club,
            book=self._book(data.pop("book", None), data.pop("isbn", "")),
            by=self.viewer,
            **data,
        )
        return self.shown(entry, location=services.entry_address(self.club, entry.pk))

    def retrieve(self, request: Request, slug: str, id: int) -> Answer:
        """One entry."""
        found = Question(shown_entry, club=self.club.pk, key=id, viewer=self.viewer)
        return self.one(found, entry_shape)

    def partial_update(self, request: Request, slug: str, id: int) -> Answer:
        """Change an entry."""
        entry, changes = self.entry(id), self.body()
        services.edit_entry(entry=entry, by=self.viewer, changes=changes, expected=self.expected())
        return self.shown(entry)

    def destroy(self, request: Request, slug: str, id: int) -> Answer:
        """Remove an entry."""
        services.remove_entry(entry=self.entry(id), by=self.viewer, expected=self.expected())
        return self.answer()

    def shown(self, entry: ListEntry, **how: Any) -> Answer:
        """The entry as it is now."""
        found = Question(shown_entry, club=self.club.pk, key=entry.pk, viewer=self.viewer)
        return self.one(found, entry_shape, **how)

    def _book(self, book_id: int | None, isbn: str) -> Book:
        if book_id is None:
            return find_or_fetch(isbn=isbn, by=self.viewer)[0]
        book: Book | None = Book.objects.filter(pk=book_id).first()
        if book is None:
            raise Missing()
        return book


class OrderViewSet(ListView):
    """The order of the list as a whole."""

    operations = {
        "retrieve": Operation("The order of the list", answer=OrderSerializer, public=True),
        "replace": Operation(
            "Reorder the list",
            answer=OrderSerializer,
            body=OrderInput,
            role=Role.MODERATOR,
            forbidden=("not_a_member", "role_too_low"),
            conflicts=("club_archived", "order_mismatch"),
            precondition=True,
            description=(
                "The whole order in one call. If-Match takes the ETag of GET, which changes "
                "when an entry is added, removed or moved within the list."
            ),
            example={"order": [7, 9, 8]},
        ),
    }

    def retrieve(self, request: Request, slug: str) -> Answer:
        """The ids of all entries, first to last."""
        return self._order(self.club.list_version)

    def replace(self, request: Request, slug: str) -> Answer:
        """Arrange the list."""
        order = self.body()["order"]
        club = services.reorder_list(
            club=self.club, order=order, by=self.viewer, expected=self.expected()
        )
        return self.answer({"order": order}, version=club.list_version)

    def _order(self, version: int) -> Answer:
        # The version was read before the ids: should the list change in between, whoever
        # arranges by this answer gets 412.
        ids = self.entries().in_order().values_list("pk", flat=True)
        return self.answer({"order": list(ids)}, version=version)


class SupportViewSet(ListView):
    """One's own support of a proposal."""

    operations = {
        "replace": Operation(
            "Support a proposal",
            verified=True,
            role=Role.MEMBER,
            forbidden=("not_a_member",),
            conflicts=("club_archived", "not_a_proposal"),
        ),
        "destroy": Operation(
            "Withdraw your support",
            role=Role.MEMBER,
            forbidden=("not_a_member",),
            conflicts=("club_archived", "not_a_proposal"),
        ),
    }

    def replace(self, request: Request, slug: str, id: int) -> Answer:
        """Support."""
        services.support_entry(entry=self.entry(id), by=self.viewer)
        return self.answer()

    def destroy(self, request: Request, slug: str, id: int) -> Answer:
        """Support no longer."""
        services.withdraw_support(entry=self.entry(id), by=self.viewer)
        return self.answer()
