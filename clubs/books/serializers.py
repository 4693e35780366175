"""What comes in about books, and the schemas of what goes out."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from bookbridge.kernel.query import Query, SearchableListQuery
from bookbridge.kernel.serializers import (
    Choice,
    Flag,
    InputSerializer,
    LanguageTag,
    ListOf,
    OutputSerializer,
    Text,
    UrlText,
    Whole,
)
from clubs.books import isbn
from clubs.books.authors import MAX_AUTHORS

EARLIEST_YEAR, LATEST_YEAR = -3000, 9999
#: Books are announced so many years ahead.
YEARS_AHEAD = 2
MAX_ISBNS = 50
MAX_PAGES = 100_000

#: Names of `?ordering=`; the first one is the default without `?search=`.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "title": ("title", "id"),
    "-created_at": ("-created_at", "-id"),
    "-rating": ("-weighted_mean", "-id"),
    "-rating_count": ("-rating_count", "-id"),
}


class AuthorSerializer(OutputSerializer):
    """One author of a book."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class AddedBySerializer(OutputSerializer):
    """The reader who added a book."""

    username = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)


class BookCardSerializer(OutputSerializer):
    """A book as other things show it: a reading list, a poll."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    authors = AuthorSerializer(many=True)
    isbns = serializers.ListField(child=serializers.CharField(), help_text="ISBN-13s, sorted.")
    published_year = serializers.IntegerField(
        allow_null=True, help_text="Negative before our era; there is no year 0."
    )
    rating_average = serializers.FloatField(
        allow_null=True, help_text="In stars, with two decimals; null without ratings."
    )
    rating_count = serializers.IntegerField()


class BookSummarySerializer(BookCardSerializer):
    """A book in lists of the catalogue."""

    subtitle = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    page_count = serializers.IntegerField(allow_null=True)
    cover_url = serializers.CharField(allow_blank=True)


class BookSerializer(BookSummarySerializer):
    """Everything that is known of a book."""

    description = serializers.CharField(allow_blank=True)
    openlibrary_id = serializers.CharField(allow_blank=True)
    goodreads_id = serializers.CharField(allow_blank=True)
    added_by = AddedBySerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class BookInput(InputSerializer):
    """What is written about a book; authors and ISBNs as a whole."""

    output = BookSerializer

    title = Text(max_length=300, single_line=True)
    subtitle = Text(max_length=300, single_line=True, allow_blank=True, required=False)
    authors = ListOf(Text(max_length=200, single_line=True), min_length=1, max_length=MAX_AUTHORS)
    isbns = ListOf(
        Text(max_length=isbn.MAX_LENGTH, single_line=True),
        max_length=MAX_ISBNS,
        required=False,
        help_text="ISBN-10 or ISBN-13, with or without hyphens.",
    )
    published_year = Whole(
        min_value=EARLIEST_YEAR, max_value=LATEST_YEAR, allow_null=True, required=False
    )
    language = LanguageTag(allow_blank=True, required=False)
    page_count = Whole(min_value=1, max_value=MAX_PAGES, allow_null=True, required=False)
    description = Text(max_length=10_000, allow_blank=True, required=False)
    cover_url = UrlText(allow_blank=True, required=False)

    def validate_published_year(self, value: int | None) -> int | None:
        """Refuse the year 0, which calendars do not have, and what lies too far ahead."""
        if value is None:
            return value
        if value == 0:
            raise ValidationError(_("There is no year 0."), "no_year_zero")
        latest = timezone.now().year + YEARS_AHEAD
        if value > latest:
            message = _("Give a year up to {year}.").format(year=latest)
            raise ValidationError(message, "max_value")
        return value


class NewBookInput(BookInput):
    """A book that is new to the catalogue."""

    confirm_distinct = Flag(
        required=False,
        help_text="It is another book than those named by 409 `possible_duplicate`.",
    )


class LookupInput(InputSerializer):
    """The ISBN to look up."""

    isbn = Text(max_length=isbn.MAX_LENGTH, single_line=True)


class BookListQuery(SearchableListQuery):
    """The parameters of the list of books."""

    language = LanguageTag(required=False, help_text="`pt` finds books in `pt` and in `pt-br`.")
    author = Whole(min_value=1, required=False, help_text="The id of an author.")
    year_from = Whole(min_value=EARLIEST_YEAR, max_value=LATEST_YEAR, required=False)
    year_to = Whole(min_value=EARLIEST_YEAR, max_value=LATEST_YEAR, required=False)
    ordering = Choice(
        choices=list(ORDERINGS),
        required=False,
        help_text="By default by title; a search without it puts the best match first.",
    )


class DeleteBookQuery(Query):
    """The parameters of deleting a book."""

    reason = Text(required=False, max_length=1000, help_text="For the moderation log.")
