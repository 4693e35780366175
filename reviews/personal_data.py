"""What reviews know of a reader: how it is taken out, and what is left when the reader leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, moment
from bookbridge.kernel.taking_out import each
from bookbridge.kernel.transactions import transactional
from reviews.counting import count_many, counted_of
from reviews.holding import hold_reviews_of
from reviews.models import Like, Report, Review
from reviews.querysets import counts
from reviews.reports.models import KIND_CHOICES, Reason, ReportStatus

if TYPE_CHECKING:
    from accounts.models import User

#: Fields that tell something about a person; a test holds that each model is listed.
PERSONAL = {
    "reviews.Review": [
        "author",
        "book",
        "club",
        "rating",
        "title",
        "text",
        "text_html",
        "contains_spoilers",
        "language",
        "created_at",
        "edited_at",
    ],
    "reviews.Like": ["reader", "review", "created_at"],
    "reviews.Report": [
        "reporter",
        "target_kind",
        "target_id",
        "about",
        "kept",
        "reason",
        "comment",
        "created_at",
        "decided_by",
    ],
}


EXEMPT = {"reviews.Report.decision_reason": "words of staff, who are told to name nobody"}


class ExportedTitleSerializer(OutputSerializer):
    """A book by its title."""

    id = serializers.IntegerField()
    title = serializers.CharField()


class ExportedReviewSerializer(OutputSerializer):
    """A review by the reader, hidden by the moderators or not."""

    id = serializers.IntegerField()
    book = ExportedTitleSerializer()
    club = serializers.CharField(allow_null=True, help_text="The slug, if you may know of it.")
    rating = serializers.FloatField()
    title = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    contains_spoilers = serializers.BooleanField()
    language = serializers.CharField(allow_blank=True)
    likes_count = serializers.IntegerField()
    hidden_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)


class ExportedLikeSerializer(OutputSerializer):
    """A review that the reader likes."""

    review = serializers.IntegerField(help_text="The id.")
    created_at = serializers.DateTimeField()


class ExportedReportSerializer(OutputSerializer):
    """A report that the reader made."""

    kind = serializers.ChoiceField(choices=KIND_CHOICES)
    reason = serializers.ChoiceField(choices=Reason.choices)
    comment = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=ReportStatus.choices)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class ExportSerializer(OutputSerializer):
    """What reviews know of the reader."""

    reviews = ExportedReviewSerializer(many=True)
    likes = ExportedLikeSerializer(many=True)
    reports = ExportedReportSerializer(many=True)


def export(reader: User) -> dict[str, Any]:
    """The reader's reviews, wherever they are, what they liked and what they reported.

    A club is named as long as the reader may know of it.
    """
    own = Review.objects.filter(author=reader).select_related("book")
    likes = Like.objects.filter(reader=reader).order_by("pk")
    reports = Report.objects.filter(reporter=reader).order_by("pk")
    return {
        "reviews": each(own.with_view_of(reader).order_by("pk"), _review),
        "likes": each(likes, _like),
        "reports": each(reports, _report),
    }


def _review(review: Any) -> Json:
    return {
        "id": review.pk,
        "book": {"id": review.book_id, "title": review.book.title},
        "club": review.club_slug,
        "rating": review.rating / 2,
        "title": review.title,
        "text": review.text,
        "contains_spoilers": review.contains_spoilers,
        "language": review.language,
        "likes_count": review.likes_count,
        "hidden_at": moment(review.hidden_at),
        "created_at": moment(review.created_at),
        "edited_at": moment(review.edited_at),
    }


def _like(like: Like) -> Json:
    return {"review": like.review_id, "created_at": moment(like.created_at)}


def _report(report: Report) -> Json:
    return {
        "kind": report.target_kind,
        "reason": report.reason,
        "comment": report.comment,
        "status": report.status,
        "created_at": moment(report.created_at),
        "decided_at": moment(report.decided_at),
    }


@transactional
def erase(reader: User) -> None:
    """Delete the reader's reviews, in the books' aggregates too.

    What the reader liked stays liked: the rows hang on the tombstone of the account and are
    only numbers from then on. Reports stay for whoever decides, without the reader's words;
    what was kept of theirs goes with the account.
    """
    reviews = hold_reviews_of(reader)
    count_many(
        [counted_of(review) for review in reviews if counts(review)],
        -1,
    )
    for review in reviews:
        announce(
            "visibility",
            by_id=reader.pk,
            review_id=review.pk,
            book_id=review.book_id,
            club_id=review.club_id,
            author_id=reader.pk,
        )
    Review.objects.filter(pk__in=[review.pk for review in reviews]).delete()
    Report.objects.filter(reporter=reader).exclude(comment="").update(comment="")
