"""The catalogue over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.models import MODERATOR
from accounts.moderation.scoping import SiteRoleViewSet
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.schema import JsonSchema, KernelSchema
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.books import services
from clubs.books.isbn import InvalidIsbn, parse
from clubs.books.models import Book
from clubs.books.querysets import BookQuerySet
from clubs.books.redirects import gone
from clubs.books.search import matching_books, search_books
from clubs.books.serializers import (
    ORDERINGS,
    BookInput,
    BookListQuery,
    DeleteBookQuery,
    LookupInput,
    NewBookInput,
)
from clubs.books.shapes import book_shape, book_summary_shape

BY_HAND = {
    "title": "Dom Casmurro",
    "authors": ["Machado de Assis"],
    "published_year": 1899,
    "language": "pt-br",
    "isbns": ["978-0-85051-503-9"],
}


class BookViewSet(SiteRoleViewSet):
    """Books of the catalogue."""

    operations = {
        "list": Operation(
            "List and search books",
            answer=book_summary_shape,
            paged=True,
            query=BookListQuery,
            public=True,
            description=(
                "`search` looks for titles, authors and ISBNs, without regard to accents and "
                "case; words match by their beginnings. Without `ordering` the best match comes "
                "first, up to 500 matches."
            ),
        ),
        "create": Operation(
            "Add a book by hand",
            verified=True,
            answer=book_shape,
            status=201,
            body=NewBookInput,
            conflicts=("isbn_taken", "possible_duplicate"),
            description=(
                "409 `isbn_taken` names the book in `existing`; `possible_duplicate` lists books "
                "of the same title and first author in `candidates`: if yours is another one, "
                "repeat with `confirm_distinct`."
            ),
            example=BY_HAND,
        ),
        "retrieve": Operation(
            "A book",
            answer=book_shape,
            query=ItemQuery,
            public=True,
            missing=True,
            also=(308,),
            description="308 for a book that was merged: `Location` names the one it is now.",
        ),
        "partial_update": Operation(
            "Edit a book",
            verified=True,
            answer=book_shape,
            body=BookInput,
            if_match=True,
            forbidden=("book_is_shared", "not_your_book"),
            conflicts=("isbn_taken",),
            missing=True,
            description=(
                "For who added it, until another reader's entry or review hangs on it; for site "
                "moderators always. `authors` and `isbns` replace what was there."
            ),
            also=(308,),
            example={"page_count": 256},
        ),
        "destroy": Operation(
            "Delete a book",
            query=DeleteBookQuery,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only",),
            conflicts=("in_use",),
            also=(308,),
            description="For site moderators; a book with entries or reviews stays: merge it.",
        ),
    }
    tag = "books"

    def admit(self) -> None:
        """Refuse who may not edit or delete, before the body is looked at."""
        super().admit()
        if self.action == "partial_update":
            book = Book.objects.filter(pk=self.kwargs["id"]).first()
            if book is None:
                raise gone(self.kwargs["id"])
            services.check_may_edit(book=book, by=self.viewer)

    def list(self, request: Request) -> Answer:
        """Search, or browse."""
        query = self.query()
        books, search = _narrowed(query), query.get("search")
        if search is None:
            return self.page(books, book_summary_shape, ORDERINGS)
        if "ordering" in query:
            return self.page(matching_books(books, search), book_summary_shape, ORDERINGS)
        return self.ranked(search_books(books, search), book_summary_shape)

    def create(self, request: Request) -> Answer:
        """Add by hand."""
        book = services.add_book(by=self.viewer, **self.body())
        return self.one(
            Book.objects.filter(pk=book.pk),
            book_shape,
            location=services.book_address(book.pk),
        )

    def retrieve(self, request: Request, id: int) -> Answer:
        """One book."""
        return self.known(id)

    def partial_update(self, request: Request, id: int) -> Answer:
        """Edit."""
        services.edit_book(
            book_id=id, by=self.viewer, changes=self.body(), expected=self.expected()
        )
        return self.known(id)

    def destroy(self, request: Request, id: int) -> Answer:
        """Delete."""
        reason = self.operation_query.read(request).get("reason", "")
        services.delete_book(book_id=id, by=self.viewer, reason=reason)
        return self.answer()

    def known(self, book_id: int) -> Answer:
        """The book, or where it went."""
        try:
            return self.one(Book.objects.filter(pk=book_id), book_shape)
        except Missing:
            raise gone(book_id) from None


class IsbnViewSet(KernelViewSet):
    """Books by ISBN."""

    operations = {
        "retrieve": Operation(
            "The book of an ISBN",
            answer=book_shape,
            query=ItemQuery,
            public=True,
            missing=True,
            description="ISBN-10 or ISBN-13, hyphens allowed. What is no ISBN is not found.",
        ),
    }
    tag = "books"

    def retrieve(self, request: Request, isbn: str) -> Answer:
        """The book of the catalogue that has this ISBN."""
        try:
            number = parse(isbn)
        except InvalidIsbn:
            raise Missing() from None
        return self.one(Book.objects.known_under(number), book_shape)


class LookupSchema(KernelSchema):
    """A look-up has two good answers: 200 the book was here, 201 it was added."""

    def _get_response_bodies(self, direction: Any = "response") -> JsonSchema:
        responses = super()._get_response_bodies(direction)
        location = {"Location": {"$ref": "#/components/headers/Location"}}
        found = responses["200"]
        added = found | {"description": "Created", "headers": found["headers"] | location}
        return {"200": found | {"description": "Was here already"}, "201": added} | {
            status: response for status, response in responses.items() if status != "200"
        }


class LookupViewSet(KernelViewSet):
    """Looking a book up by its ISBN: here, then at Open Library."""

    viewer: Any
    schema = LookupSchema()
    operations = {
        "lookup": Operation(
            "Find or fetch a book by ISBN",
            verified=True,
            answer=book_shape,
            body=LookupInput,
            missing=True,
            conflicts=("possible_duplicate",),
            description=(
                "200 the book is in the catalogue; 201 it was fetched from Open Library and "
                "added. 404 `book_not_found` and 503 `lookup_unavailable`: enter it by hand."
            ),
            example={"isbn": "978-0-439-02348-1"},
        ),
    }
    tag = "books"

    def lookup(self, request: Request) -> Answer:
        """Find, or fetch and add."""
        book, added = services.find_or_fetch(isbn=self.body()["isbn"], by=self.viewer)
        found = Book.objects.filter(pk=book.pk)
        if not added:
            return self.one(found, book_shape)
        return self.one(found, book_shape, status=201, location=services.book_address(book.pk))


def _narrowed(query: dict[str, Any]) -> BookQuerySet:
    """The books that pass the filters of a list."""
    books: BookQuerySet = Book.objects.all()
    if "language" in query:
        books = books.in_language(query["language"])
    if "author" in query:
        books = books.by_author(query["author"])
    if "year_from" in query:
        books = books.filter(published_year__gte=query["year_from"])
    if "year_to" in query:
        books = books.filter(published_year__lte=query["year_to"])
    return books
