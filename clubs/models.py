"""The index of the models that Django reads; each lives in the folder of its feature."""

from clubs.books.models import (
    Author,
    Authorship,
    AuthorSource,
    Book,
    BookSource,
    Isbn,
    MergedBook,
    SearchWord,
)
from clubs.membership.models import Club, Invitation, Membership, RetiredSlug
from clubs.reading.models import EntryMove, FinishedMonth, ListEntry, Support

__all__ = [
    "Author",
    "AuthorSource",
    "Authorship",
    "Book",
    "BookSource",
    "Club",
    "EntryMove",
    "FinishedMonth",
    "Invitation",
    "Isbn",
    "ListEntry",
    "Membership",
    "MergedBook",
    "RetiredSlug",
    "SearchWord",
    "Support",
]
