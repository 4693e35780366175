"""What must be true of the catalogue: ISBNs, authors, keys, and who may edit a book."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef

from bookbridge.invariants.checks import Check, Row, query_check, sql_check
from clubs.books.isbn import find
from clubs.models import Book, Isbn, ListEntry
from reviews.models import Review


def invalid_isbns() -> Iterator[Row]:
    """ISBNs that are not thirteen digits of which the last one checks the others."""
    for key, number in Isbn.objects.order_by("pk").values_list("pk", "isbn13").iterator():
        if not _is_isbn13(number):
            yield {"id": key, "kept": number, "counted": find(number)}


def _is_isbn13(number: str) -> bool:
    """The whole form in which ISBNs are kept; quicker than parsing what people write."""
    if len(number) != 13 or not number.isascii() or not number.isdigit():
        return False
    odd, even = sum(map(int, number[::2])), sum(map(int, number[1::2]))
    return number[:3] in ("978", "979") and (odd + 3 * even) % 10 == 0


_ADDED_BY = OuterRef("added_by")

CHECKS = [
    Check(
        "isbn_is_valid",
        "ISBNs are kept as thirteen digits with a right check digit",
        Isbn._meta.db_table,
        invalid_isbns,
    ),
    sql_check(
        "book_authors_in_order",
        "the authors of a book have a place each",
        "clubs_book",
        """
        SELECT book_id AS id, count(*) AS kept, count(DISTINCT position) AS counted
        FROM clubs_authorship GROUP BY book_id
        HAVING count(*) <> count(DISTINCT position) ORDER BY book_id
        """,
    ),
    query_check(
        "book_in_use_is_shared",
        "a book on which another reader's entry or review hangs is marked as shared",
        lambda: Book.objects.filter(shared_at__isnull=True, added_by__isnull=False).filter(
            Exists(Review.objects.filter(book=OuterRef("pk")).exclude(author=_ADDED_BY))
            | Exists(
                ListEntry.objects.filter(book=OuterRef("pk"), proposed_by__isnull=False).exclude(
                    proposed_by=_ADDED_BY
                )
            )
        ),
        "added_by",
    ),
    query_check(
        "book_sum_fits_count",
        "the sum of ratings lies between count and ten times count",
        lambda: (
            Book.objects.filter(rating_sum__lt=F("rating_count"))
            | Book.objects.filter(rating_sum__gt=F("rating_count") * 10)
        ),
        "rating_count",
        "rating_sum",
    ),
]
