"""What becomes of a club's reviews when the club changes or goes.

Called by `clubs.membership.services` (see `settings.CLUB_LIFECYCLE`) in its transaction, under
the lock of the club's row and before the row changes.
"""

from __future__ import annotations

from collections import defaultdict

from bookbridge.kernel.announcements import announce
from clubs.books.services import record_ratings
from clubs.membership.models import Club, Visibility
from reviews.models import Review


def visibility_changed(*, club: Club, before: str, after: str) -> None:
    """Count the club's reviews in when it becomes public, and out when it ceases to be."""
    if (before == Visibility.PUBLIC) == (after == Visibility.PUBLIC):
        return
    ratings: dict[int, list[int]] = defaultdict(list)
    countable = Review.objects.filter(
        club=club, hidden_at__isnull=True, author__erased_at__isnull=True
    )
    for book_id, rating in countable.order_by("book_id").values_list("book_id", "rating"):
        ratings[book_id].append(rating)
    # One statement for each book, in the order in which everybody locks books.
    for book_id, values in ratings.items():
        if after == Visibility.PUBLIC:
            record_ratings(book_id=book_id, added=values)
        else:
            record_ratings(book_id=book_id, removed=values)
        announce("visibility", by_id=None, club_id=club.pk, book_id=book_id)


def club_deleted(*, club: Club) -> None:
    """Let a public club's reviews be without club; delete those of any other.

    Neither changes an aggregate: the former count as before, the latter never did.
    """
    reviews = Review.objects.filter(club=club)
    if club.visibility == Visibility.PUBLIC:
        reviews.update(club=None)
        return
    # Locked first: a like that comes in between would hold on to its review.
    list(reviews.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    reviews.delete()
