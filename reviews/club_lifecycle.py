"""What becomes of a club's reviews when the club changes or goes.

Called by `clubs.membership.services` (see `settings.CLUB_LIFECYCLE`) in its transaction, under
the lock of the club's row and before the row changes.
"""

from __future__ import annotations

from bookbridge.kernel.announcements import announce
from clubs.membership.models import Club, Visibility
from reviews.counting import COLUMNS, count_many
from reviews.holding import hold_books
from reviews.models import Review
from reviews.months import forget_club


def visibility_changed(*, club: Club, before: str, after: str) -> None:
    """Count the club's reviews in when it becomes public, and out when it ceases to be."""
    if (before == Visibility.PUBLIC) == (after == Visibility.PUBLIC):
        return
    step = 1 if after == Visibility.PUBLIC else -1
    countable = Review.objects.filter(
        club=club, hidden_at__isnull=True, author__erased_at__isnull=True
    )
    counted = list(countable.order_by().values_list(*COLUMNS))
    if not counted:
        return
    hold_books(book_id for book_id, *_rest in counted)
    count_many(counted, step)
    announce("visibility", by_id=None, club_id=club.pk)


def club_deleted(*, club: Club) -> None:
    """Let a public club's reviews be without club; delete those of any other.

    Neither changes an aggregate: the former count as before, the latter never did.
    """
    reviews = Review.objects.filter(club=club)
    if club.visibility == Visibility.PUBLIC:
        reviews.update(club=None)
        forget_club(club.pk)
        return
    # Locked first: a like that comes in between would hold on to its review.
    list(reviews.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    reviews.delete()
