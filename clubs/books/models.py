"""Works of the catalogue, their authors, and the ISBNs under which they are known."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from bookbridge.kernel.models import Timestamped
from clubs.books.querysets import BookQuerySet

HALF_STARS = range(1, 11)
#: The weighted mean starts from ten imagined ratings of 3.5 stars.
PRIOR_COUNT = 10
PRIOR_HALF_STARS = 70


class Author(models.Model):
    """A person (or body) who wrote books; one row for each normalised name."""

    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, unique=True, editable=False)

    def __str__(self) -> str:
        return self.name


class Book(Timestamped):
    """A work of the catalogue.

    Life cycle: added by a reader, by hand or by ISBN; edited by who added it until another
    reader's entry or review hangs on it (`shared_at`), by site moderators from then on. The
    rating columns count the reviews that everybody may see, in half stars (1 to 10); they
    change only through `clubs.books.services.record_ratings`, in the transaction of the
    review, and always equal a recount. `weighted_mean` is kept by the database.
    """

    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=300, blank=True)
    authors = models.ManyToManyField(Author, through="Authorship", related_name="books")
    published_year = models.SmallIntegerField(null=True, blank=True)
    language = models.CharField(max_length=35, blank=True)
    page_count = models.PositiveIntegerField(null=True, blank=True)
    description = models.TextField(max_length=10000, blank=True)
    cover_url = models.URLField(max_length=500, blank=True)
    openlibrary_id = models.CharField(max_length=40, blank=True)
    goodreads_id = models.CharField(max_length=40, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    shared_at = models.DateTimeField(null=True, blank=True)
    work_key = models.CharField(max_length=500, editable=False, db_index=True)
    search_text = models.TextField(blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    rating_count = models.PositiveIntegerField(default=0, editable=False)
    rating_sum = models.PositiveBigIntegerField(default=0, editable=False)
    stars_05 = models.PositiveIntegerField(default=0, editable=False)
    stars_10 = models.PositiveIntegerField(default=0, editable=False)
    stars_15 = models.PositiveIntegerField(default=0, editable=False)
    stars_20 = models.PositiveIntegerField(default=0, editable=False)
    stars_25 = models.PositiveIntegerField(default=0, editable=False)
    stars_30 = models.PositiveIntegerField(default=0, editable=False)
    stars_35 = models.PositiveIntegerField(default=0, editable=False)
    stars_40 = models.PositiveIntegerField(default=0, editable=False)
    stars_45 = models.PositiveIntegerField(default=0, editable=False)
    stars_50 = models.PositiveIntegerField(default=0, editable=False)
    weighted_mean = models.GeneratedField(
        expression=(F("rating_sum") + Value(float(PRIOR_HALF_STARS)))
        / (F("rating_count") + Value(float(PRIOR_COUNT)))
        / Value(2.0),
        output_field=models.FloatField(),
        db_persist=True,
    )

    objects = BookQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["title", "id"], name="book_by_title"),
            models.Index(fields=["-created_at", "-id"], name="book_newest"),
            models.Index(fields=["-weighted_mean", "-id"], name="book_best_rated"),
            models.Index(fields=["-rating_count", "-id"], name="book_most_rated"),
            models.Index(
                fields=["goodreads_id"], condition=~Q(goodreads_id=""), name="book_by_goodreads_id"
            ),
            models.Index(
                fields=["openlibrary_id"],
                condition=~Q(openlibrary_id=""),
                name="book_by_openlibrary_id",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("rating_count"))
                & Q(rating_sum__lte=F("rating_count") * 10),
                name="book_rating_sum_fits_count",
            ),
            models.CheckConstraint(
                condition=Q(page_count__isnull=True) | Q(page_count__gte=1),
                name="book_page_count_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Authorship(models.Model):
    """One author of one book, in the order of the title page."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="authorships")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="authorships")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "author"], name="authorship_once_per_book"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} of {self.book_id}"


class Isbn(models.Model):
    """An ISBN-13 under which a book is known; unique in the whole catalogue."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="isbns")
    isbn13 = models.CharField(max_length=13)

    class Meta:
        ordering = ["isbn13"]
        constraints = [
            models.UniqueConstraint(fields=["isbn13"], name="isbn_once_in_catalogue"),
        ]

    def __str__(self) -> str:
        return self.isbn13


class SearchWord(models.Model):
    """A word of titles and authors, by which a word typed wrongly is understood (PostgreSQL)."""

    word = models.CharField(max_length=60, primary_key=True)

    def __str__(self) -> str:
        return self.word


class BookSource(models.Model):
    """The number of a book in a data set it was imported from, by which it is found again."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="sources")
    source = models.CharField(max_length=20)
    key = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="book_source_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class AuthorSource(models.Model):
    """The number of an author in a data set, by which its works name them."""

    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="sources")
    source = models.CharField(max_length=20)
    key = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="author_source_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class MergedBook(models.Model):
    """The key of a book that was merged into another, which answers for it from then on."""

    old_id = models.PositiveBigIntegerField(unique=True)
    into = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="merged_books")
    merged_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.old_id} is {self.into_id}"
