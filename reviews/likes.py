"""Likes: one per reader and review, not one's own; the count moves with the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.errors import DomainError, Missing
from bookbridge.kernel.transactions import transactional
from reviews.models import Like, Review

if TYPE_CHECKING:
    from accounts.models import User


@transactional
def like_review(*, review: Review, by: User) -> None:
    """Like a review that `by` may read; doing so twice is once.

    Raises:
        Missing: 404, the review is gone, or not for `by` to see any more.
        DomainError: 409 `own_review`.
    """
    held = _hold(review, by)
    if held.author_id == by.pk:
        raise DomainError(_("Your own review is not yours to like."), "own_review")
    if not Like.objects.filter(review=held, reader=by).exists():
        Like.objects.create(review=held, reader=by)
        _count(held, 1, by)


@transactional
def unlike_review(*, review: Review, by: User) -> None:
    """Like a review no longer; doing so without having liked it changes nothing.

    Raises:
        Missing: 404, the review is gone, or not for `by` to see any more.
    """
    held = _hold(review, by)
    if Like.objects.filter(review=held, reader=by).delete()[0]:
        _count(held, -1, by)


def _hold(review: Review, by: User) -> Review:
    """The review, locked before its likes, so that neither a like nor the review slips away."""
    rows = Review.objects.visible_to(by).select_for_update(no_key=True, of=("self",))
    held: Review | None = rows.filter(pk=review.pk).first()
    if held is None:
        raise Missing()
    return held


def _count(review: Review, change: int, by: User) -> None:
    Review.objects.filter(pk=review.pk).update(likes_count=F("likes_count") + change)
    announce("like", by_id=by.pk, review_id=review.pk, book_id=review.book_id)
