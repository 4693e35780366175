"""The schemas of the four statistics."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookbridge.kernel.serializers import OutputSerializer


def count(help_text: str = "") -> Any:
    """A number of things."""
    return serializers.IntegerField(min_value=0, help_text=help_text)


def mean(help_text: str = "") -> Any:
    """A mean in stars, with two decimals; null when there is nothing to count."""
    return serializers.FloatField(allow_null=True, help_text=help_text)


def month() -> Any:
    """A month."""
    return serializers.RegexField(r"^\d{4}-\d{2}$", help_text="Year and month.")


def spread(help_text: str) -> Any:
    """How many ratings there are of each kind."""
    return serializers.DictField(child=serializers.IntegerField(min_value=0), help_text=help_text)


class AuthorOfTopBook(OutputSerializer):
    """An author."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class TopBookSerializer(OutputSerializer):
    """A book among the best rated."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    authors = AuthorOfTopBook(many=True)
    rating_average = mean()
    rating_count = count()
    weighted_mean = serializers.FloatField()


class ActiveClubSerializer(OutputSerializer):
    """A club among the most active."""

    slug = serializers.CharField()
    name = serializers.CharField()
    members_count = count()
    activity = count("Reviews, moves on the reading list and joinings of the last 90 days.")


class SiteMonthSerializer(OutputSerializer):
    """One month of the site."""

    month = month()
    reviews = count()
    books_finished = count()


class SiteStatsSerializer(OutputSerializer):
    """What everything on the platform adds up to."""

    readers = count()
    clubs = count("Public clubs.")
    books = count()
    reviews = count("Reviews that everybody may see.")
    mean_books_finished_per_club = serializers.FloatField(
        help_text="Over public clubs that are not archived."
    )
    mean_rating = mean()
    top_books = TopBookSerializer(many=True)
    most_active_clubs = ActiveClubSerializer(many=True)
    by_month = SiteMonthSerializer(many=True, help_text="The last 24 months, in UTC.")
    generated_at = serializers.DateTimeField()


class StatusCountsSerializer(OutputSerializer):
    """How many entries of the list there are in each status."""

    proposed = count()
    planned = count()
    reading = count()
    finished = count()
    dropped = count()


class CompletionSerializer(OutputSerializer):
    """How far a club came with one book."""

    entry = serializers.IntegerField(help_text="The id of the entry on the club's list.")
    book = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.CharField()
    started_on = serializers.DateField(allow_null=True)
    finished_on = serializers.DateField(allow_null=True)
    days = serializers.IntegerField(min_value=0, allow_null=True, help_text="From start to finish.")


class ClubRatingsSerializer(OutputSerializer):
    """Ratings of a club's members against everybody's, of the books members have rated."""

    books = count("Books of the list that members have rated.")
    club_average = mean()
    club_count = count()
    everybody_average = mean()
    everybody_count = count()


class ClubMonthSerializer(OutputSerializer):
    """One month of a club."""

    month = month()
    reviews = count()
    books_finished = count()
    members_joined = count()


class ClubStatsSerializer(OutputSerializer):
    """What one club has read and thought."""

    members = count()
    books_finished = count()
    pages_read = count("Pages of the finished books, where they are known.")
    by_status = StatusCountsSerializer()
    completion = CompletionSerializer(
        many=True, help_text="The first 500 entries, in the order of the list."
    )
    ratings = ClubRatingsSerializer()
    by_month = ClubMonthSerializer(
        many=True, help_text="The last 24 months, in the time zone of the club."
    )
    generated_at = serializers.DateTimeField()


class ReviewMonthSerializer(OutputSerializer):
    """Reviews of one month."""

    month = month()
    reviews = count()


class ReviewYearSerializer(OutputSerializer):
    """Reviews of one year, and the pages of their books."""

    year = serializers.IntegerField()
    reviews = count()
    pages = count()


class ReadingClubSerializer(OutputSerializer):
    """A public club that reads a book, or has read it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()


class BookStatsSerializer(OutputSerializer):
    """What readers think of one book."""

    rating_count = count()
    rating_average = mean()
    weighted_mean = serializers.FloatField(help_text="(10 x 3.5 + sum) / (10 + count)")
    histogram = spread('How many ratings there are of "0.5" to "5.0" stars.')
    clubs_count = count("Public clubs that read it or have read it.")
    clubs = ReadingClubSerializer(many=True, help_text="The 50 largest of them.")
    by_month = ReviewMonthSerializer(many=True, help_text="The last 24 months, in UTC.")
    generated_at = serializers.DateTimeField()


class OwnFiguresSerializer(OutputSerializer):
    """The figures of a reader over all of their reviews."""

    books_reviewed = count()
    pages_reviewed = count("Pages of the reviewed books, where they are known.")
    mean_rating = mean()
    ratings = spread('How many ratings there are of "0.5" to "5.0" stars.')
    by_month = ReviewMonthSerializer(many=True, help_text="The last 24 months, in UTC.")
    by_year = ReviewYearSerializer(many=True, help_text="Every year with a review, in UTC.")


class ReaderStatsSerializer(OwnFiguresSerializer):
    """What one reader has read and thought, as far as everybody may know."""

    own = OwnFiguresSerializer(
        allow_null=True,
        help_text="The same over all one's own reviews, also those that others do not see; "
        "null on the pages of others.",
    )
    generated_at = serializers.DateTimeField()
