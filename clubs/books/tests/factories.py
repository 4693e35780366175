"""Books for tests: `BookFactory(authors=["Clarice Lispector"], isbns=["9788532508126"])`.

They can be searched, and authors of the same name are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import factory

from clubs.books.authors import find_or_create, name_key, set_authors, work_key
from clubs.books.indexing import index_book
from clubs.books.isbn import parse
from clubs.books.models import Author, Book, Isbn


class AuthorFactory(factory.django.DjangoModelFactory):
    """An author, with a name of their own."""

    class Meta:
        model = Author
        django_get_or_create = ("name_key",)

    name = factory.Sequence(lambda n: f"Author Number {n}")
    name_key = factory.LazyAttribute(lambda author: name_key(author.name))


class BookFactory(factory.django.DjangoModelFactory):
    """A book by one author, without ISBN, added by nobody."""

    class Meta:
        model = Book
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Book Number {n}")
    added_by = None

    @factory.post_generation
    def authors(
        book: Book, create: bool, extracted: Iterable[str | Author] | None, **kwargs: Any
    ) -> None:
        """Give the book its authors (names or rows), its key and its place in the search."""
        if not create:
            return
        given = [AuthorFactory()] if extracted is None else list(extracted)
        names = [one if isinstance(one, str) else one.name for one in given]
        set_authors(book, find_or_create(names))
        book.work_key = work_key(book.title, names[0] if names else "")
        Book.objects.filter(pk=book.pk).update(work_key=book.work_key)
        index_book(book)

    @factory.post_generation
    def isbns(book: Book, create: bool, extracted: Iterable[str] | None, **kwargs: Any) -> None:
        """Give the book its ISBNs."""
        if create:
            Isbn.objects.bulk_create(
                Isbn(book=book, isbn13=parse(text)) for text in extracted or ()
            )
