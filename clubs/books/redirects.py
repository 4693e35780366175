"""Where a book went that was merged into another: its old address answers 308."""

from __future__ import annotations

from django.urls import reverse

from bookbridge.kernel.errors import Missing, Moved
from clubs.books.models import MergedBook


def gone(book_id: int, route: str = "book") -> Missing | Moved:
    """The answer for a book that is not there: where it went, or 404.

    Arguments:
        route: the name of the route asked for, which has the book's `id` in its path.
    """
    into = MergedBook.objects.filter(old_id=book_id).values_list("into_id", flat=True).first()
    return Missing() if into is None else Moved(reverse(route, kwargs={"id": into}))
