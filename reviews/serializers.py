"""What comes in about reviews, and the schema of what goes out."""

from __future__ import annotations

from rest_framework import serializers

from bookbridge.kernel.query import ItemQuery, ListQuery
from bookbridge.kernel.serializers import (
    Choice,
    Flag,
    InputSerializer,
    LanguageTag,
    Number,
    OutputSerializer,
    Slug,
    Text,
    Whole,
)
from clubs.membership.serializers import PersonSerializer
from reviews.querysets import half_stars

#: The orderings of lists of reviews; the first is the default.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "-created_at": ("-created_at", "-id"),
    "-likes_count": ("-likes_count", "-id"),
    "-rating": ("-rating", "-id"),
    "rating": ("rating", "id"),
}
SPOILERS = ("show", "hide")


class ReviewedBookSerializer(OutputSerializer):
    """The book of a review."""

    id = serializers.IntegerField()
    title = serializers.CharField()


class ReviewSerializer(OutputSerializer):
    """One reader's opinion of one book."""

    id = serializers.IntegerField()
    book = ReviewedBookSerializer()
    author = PersonSerializer(allow_null=True)
    club = serializers.CharField(allow_null=True, help_text="The slug of the club it belongs to.")
    rating = serializers.FloatField(min_value=0.5, max_value=5)
    title = serializers.CharField(allow_null=True, allow_blank=True)
    text = serializers.CharField(allow_null=True, allow_blank=True, help_text="Markdown.")
    text_html = serializers.CharField(allow_null=True, allow_blank=True)
    contains_spoilers = serializers.BooleanField()
    locked = serializers.BooleanField(
        help_text="Title and text are null because of spoilers; `?spoilers=show` shows them."
    )
    language = serializers.CharField(allow_blank=True)
    likes_count = serializers.IntegerField()
    liked_by_me = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)


class ReviewEditInput(InputSerializer):
    """What its author may change of a review; the book stays."""

    output = ReviewSerializer

    rating = Number(min_value=0.5, max_value=5, step=0.5, help_text="Stars, in half steps.")
    title = Text(max_length=200, single_line=True, allow_blank=True, required=False)
    text = Text(max_length=10_000, allow_blank=True, required=False, help_text="Markdown.")
    contains_spoilers = Flag(required=False)
    language = LanguageTag(required=False)
    club = Slug(max_length=80, required=False, allow_null=True)

    def validate_rating(self, stars: float) -> int:
        """Half stars, as they are kept."""
        return half_stars(stars)


class ReviewInput(ReviewEditInput):
    """A new review."""

    book = Whole(min_value=1)


class ReviewItemQuery(ItemQuery):
    """The parameters of one review."""

    spoilers = Choice(choices=SPOILERS, required=False, help_text="`show` unlocks spoilers.")


class ReviewsQuery(ListQuery):
    """What all lists of reviews can be narrowed by."""

    club = Slug(max_length=80, required=False)
    rating_min = Number(min_value=0.5, max_value=5, step=0.5, required=False)
    rating_max = Number(min_value=0.5, max_value=5, step=0.5, required=False)
    language = LanguageTag(required=False)
    spoilers = Choice(choices=SPOILERS, required=False, help_text="`show` unlocks spoilers.")
    ordering = Choice(choices=list(ORDERINGS), required=False)


class BookReviewsQuery(ReviewsQuery):
    """The parameters of the reviews of a book."""

    author = Text(max_length=48, single_line=True, required=False)


class ReaderReviewsQuery(ReviewsQuery):
    """The parameters of the reviews of a reader."""

    book = Whole(min_value=1, required=False)


class ReviewListQuery(BookReviewsQuery, ReaderReviewsQuery):
    """The parameters of the list of all reviews."""
