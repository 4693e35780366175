"""Reviews and likes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from bookbridge.kernel.models import Timestamped
from clubs.models import Book, Club
from reviews.querysets import ReviewQuerySet
from reviews.reports.models import Report

__all__ = ["Like", "Report", "Review", "ReviewMonth"]


class Review(Timestamped):
    """One reader's opinion of one book: a rating in half stars, with or without a text.

    Life cycle: published; edited (`edited_at`); *hidden* by a site moderator and shown again;
    deleted by its author. Without a club it is public; with a club it is visible to whoever
    may read the club's content, and always to its author. `rating` is kept in half stars,
    1 to 10; the API shows stars. `undated` says that an import did not know when it was
    written: `created_at` is when it came. What counts for aggregates is `counted()` of the
    queryset.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="reviews")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews"
    )
    club = models.ForeignKey(
        Club, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(max_length=10000, blank=True)
    text_html = models.TextField(blank=True, editable=False)
    contains_spoilers = models.BooleanField(default=False)
    language = models.CharField(max_length=35, blank=True)
    likes_count = models.PositiveIntegerField(default=0, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    undated = models.BooleanField(default=False, db_default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "book"], name="review_one_per_book"),
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=10), name="review_rating_in_half_stars"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="review_newest"),
            models.Index(fields=["book", "-created_at", "-id"], name="review_of_book_newest"),
            models.Index(fields=["book", "-likes_count", "-id"], name="review_of_book_liked"),
            models.Index(fields=["book", "-rating", "-id"], name="review_of_book_rating"),
            models.Index(fields=["author", "-created_at", "-id"], name="review_of_author_newest"),
            models.Index(fields=["club", "-created_at", "-id"], name="review_of_club_newest"),
            # For the months of the site: most ratings of an import have no date.
            models.Index(fields=["created_at"], name="review_dated", condition=Q(undated=False)),
            # For the clubs in which most happened lately.
            models.Index(
                fields=["created_at", "club"],
                condition=Q(club__isnull=False, hidden_at__isnull=True),
                name="review_in_clubs_dated",
            ),
            # For the filters of moderators, which look for few rows among all.
            models.Index(fields=["rating", "-id"], name="review_rated_newest"),
            models.Index(
                fields=["-id"], name="review_hidden", condition=Q(hidden_at__isnull=False)
            ),
            models.Index(
                fields=["-id"], name="review_spoiling", condition=Q(contains_spoilers=True)
            ),
        ]

    def __str__(self) -> str:
        return f"review {self.pk} of book {self.book_id}"


class ReviewMonth(models.Model):
    """How many reviews that count were written in one month (UTC).

    `of` is the key of a book; -1 to -16 are parts of the site, and from -17 down are clubs, in
    whose months the undated ones are too. Written by `months.py` alone, in the transaction of the
    review; always equal to a recount. A row may say 0.
    """

    of = models.BigIntegerField()
    month = models.DateField()
    number = models.IntegerField(default=0)
    # The number of a club again: parts and books, of which more are written, stay out of its index.
    in_club = models.GeneratedField(
        expression=Case(When(of__lt=-16, then=F("number")), default=Value(0)),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "month"], name="review_month_once"),
        ]
        indexes = [
            # For the clubs in which most happened lately: those with most reviews in a month.
            models.Index(
                fields=["month", "-in_club", "of"],
                condition=Q(of__lt=-16),
                name="review_month_of_clubs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.of} in {self.month:%Y-%m}: {self.number}"


class Like(models.Model):
    """One reader likes one review, not their own."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="likes")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "reader"], name="like_once_per_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.reader_id} likes {self.review_id}"
