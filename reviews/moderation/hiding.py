"""Hiding a review and showing it again; it is on the record, and its author is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.moderation.models import TargetKind, Verb
from accounts.moderation.notices import notify
from accounts.moderation.records import keep_record
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional
from reviews.counting import count_in, count_out
from reviews.holding import hold_review
from reviews.models import Review
from reviews.querysets import counts

if TYPE_CHECKING:
    from accounts.models import User


@transactional
def hide_review(*, review: Review, by: User | None, reason: str) -> Review:
    """Hide a review from everybody but its author; it counts no longer.

    Whether `by` may is asked by who calls. Hiding what is hidden changes nothing.

    Raises:
        Missing: 404, the review is gone.
    """
    review = hold_review(review)
    if review.hidden_at is None:
        if counts(review):
            count_out(review)
        review.hidden_at = timezone.now()
        _save(review, Verb.HIDE_REVIEW, "review_hidden", by=by, reason=reason)
    return review


@transactional
def show_review(*, review: Review, by: User | None, reason: str) -> Review:
    """Show a hidden review again; it counts as before. See `hide_review`.

    Raises:
        Missing: 404, the review is gone.
    """
    review = hold_review(review)
    if review.hidden_at is not None:
        review.hidden_at = None
        if counts(review):
            count_in(review)
        _save(review, Verb.SHOW_REVIEW, "review_shown", by=by, reason=reason)
    return review


def _save(review: Review, verb: str, notice: str, *, by: User | None, reason: str) -> None:
    before = Review.objects.filter(pk=review.pk).values_list("hidden_at", flat=True).get()
    review.save(update_fields=["hidden_at", "updated_at"])
    keep_record(
        by=by,
        verb=verb,
        target=(TargetKind.REVIEW, review.pk),
        reader_id=review.author_id,
        reason=reason,
        before={"hidden_at": moment(before)},
        after={"hidden_at": moment(review.hidden_at)},
    )
    notify([review.author_id], notice, reason=reason, about=(TargetKind.REVIEW, review.pk))
    announce(
        "visibility",
        by_id=by.pk if by else None,
        review_id=review.pk,
        book_id=review.book_id,
        club_id=review.club_id,
        author_id=review.author_id,
    )
