"""The moderation log and the merging of books over HTTP."""

from __future__ import annotations

from rest_framework.request import Request

from accounts.models import MODERATOR, ModerationRecord, User
from accounts.moderation.scoping import SiteRoleViewSet
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.responses import Answer
from clubs.books.redirects import gone
from clubs.books.shapes import book_shape
from clubs.models import Book
from reviews.moderation.merging import merge_books
from reviews.moderation.serializers import MergeInput, RecordListQuery
from reviews.moderation.shapes import record_shape

ORDERINGS: Orderings = {"-at": ("-at", "-id")}


class ModerationLogViewSet(SiteRoleViewSet):
    """Everything that site staff did, newest first."""

    operations = {
        "list": Operation(
            "The moderation log",
            answer=record_shape,
            paged=True,
            query=RecordListQuery,
            role=MODERATOR,
            forbidden=("moderators_only",),
            description="Records are only ever added. Newest first.",
        ),
    }
    tag = "moderation"

    def list(self, request: Request) -> Answer:
        """The log."""
        query = self.query()
        records = ModerationRecord.objects.all()
        if "verb" in query:
            records = records.filter(verb=query["verb"])
        if "kind" in query:
            records = records.filter(target_kind=query["kind"])
        for name, column in (("by", "actor"), ("reader", "reader")):
            if name in query:
                found = User.objects.named(query[name], self.viewer)
                records = records.filter(**{f"{column}__in": found.values("pk")})
        return self.page(records, record_shape, ORDERINGS)


class BookMergeViewSet(SiteRoleViewSet):
    """Making one book of two."""

    operations = {
        "merge": Operation(
            "Merge a book into another",
            answer=book_shape,
            body=MergeInput,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only",),
            conflicts=("same_book",),
            also=(308,),
            description=(
                "Reviews, entries and ISBNs of this book hang on `into` from then on, and this "
                "address answers 308. Where a reader reviewed both, the review edited later "
                "stays; where a club lists both, the entry further along. Answers the book that "
                "remains."
            ),
            example={"into": 42, "reason": "The same work, entered by hand."},
        ),
    }
    tag = "books"

    def merge(self, request: Request, id: int) -> Answer:
        """Merge."""
        if not Book.objects.filter(pk=id).exists():
            raise gone(id, "book-merge")
        data = self.body()
        into = merge_books(
            book_id=id, into_id=data["into"], by=self.viewer, reason=data.get("reason", "")
        )
        return self.one(Book.objects.filter(pk=into.pk), book_shape)
