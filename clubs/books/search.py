"""Search in the catalogue by title, author or ISBN, best match first.

Both databases see texts without accents, case and punctuation (`kernel.text.searchable`), and
words match by their beginnings. PostgreSQL looks in `search_text` through a full-text index and,
when that finds little, through a trigram index that forgives typing errors. SQLite looks in the
table `clubs_book_fts` (FTS5). Both are written by `index_book` alone: triggers would be lost
when a migration rebuilds a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import (
    SearchQuery,
    TrigramSimilarity,
    TrigramWordSimilarity,
)
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import Case, F, Func, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat, StrIndex

from bookbridge.kernel.pagination import RANKED_WINDOW
from bookbridge.kernel.text import searchable, words
from clubs.books.authors import KEY_SEPARATOR
from clubs.books.isbn import find as find_isbn
from clubs.books.models import Authorship, Book, Isbn

if TYPE_CHECKING:
    from clubs.books.querysets import BookQuerySet

#: With fewer exact matches than that, PostgreSQL looks for similar words as well.
FEW = 5
#: Similar books are a guess: so many are enough.
SIMILAR_AT_MOST = 50
#: How much of a word must be found again. PostgreSQL's own 0.6 misses `lispetcor`.
SIMILAR_FROM = 0.45
#: Shorter words have too few trigrams to be told apart.
SIMILAR_FROM_LENGTH = 4
#: How much a match in the title, the authors and the rest of a book weighs on SQLite.
WEIGHTS = "10.0, 5.0, 1.0"
REINDEX_BATCH = 500


class SearchVector(Func):
    """The expression of the full-text index, word for word; otherwise it would not be used."""

    template = "to_tsvector('simple', %(expressions)s)"
    arity = 1
    output_field = models.TextField()


class Matches(Func):
    """Whether a search vector has the words of a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    arity = 2
    output_field = models.BooleanField()


# -- asking ---------------------------------------------------------------------------------


def search_books(books: BookQuerySet, text: str) -> BookQuerySet:
    """Those of `books` that match, best match first; never more than the search window.

    All words must occur, as beginnings of words. A text that is an ISBN finds its book. A text
    without letters and digits finds nothing.
    """
    return _in_order(books, _best_matches(books, text))


def matching_books(books: BookQuerySet, text: str) -> BookQuerySet:
    """Those of `books` that have all words of `text`, in no order of relevance."""
    isbn_owner = _book_of_isbn(text)
    if isbn_owner is not None:
        return books.filter(pk=isbn_owner)
    wanted = words(text)
    if not wanted:
        return books.none()
    if connection.vendor == "postgresql":
        return books.filter(_has_words(wanted))
    found = RawSQL(
        "SELECT rowid FROM clubs_book_fts WHERE clubs_book_fts MATCH %s",
        [_fts_query(wanted)],
    )
    return books.filter(pk__in=found)


def _best_matches(books: BookQuerySet, text: str) -> Sequence[int]:
    """The keys of the matches, best first."""
    isbn_owner = _book_of_isbn(text)
    if isbn_owner is not None:
        return [isbn_owner]
    wanted = words(text)
    if not wanted:
        return []
    if connection.vendor != "postgresql":
        return _best_on_sqlite(books, wanted)
    found = _best_on_postgresql(books, wanted)
    if len(found) < FEW:
        found += _similar_on_postgresql(books, wanted, known=found)
    return found


def _book_of_isbn(text: str) -> int | None:
    isbn = find_isbn(text)
    if isbn is None:
        return None
    return Isbn.objects.filter(isbn13=isbn).values_list("book_id", flat=True).first()


def _in_order(books: BookQuerySet, keys: Sequence[int]) -> BookQuerySet:
    """Those of `books` with these keys, in the order of the keys."""
    if not keys:
        return books.none()
    listed = f",{','.join(map(str, keys))},"
    comma = Value(",", output_field=models.TextField())
    key = Concat(comma, Cast("pk", models.TextField()), comma)
    return books.filter(pk__in=keys).order_by(StrIndex(Value(listed), key))


# -- PostgreSQL -----------------------------------------------------------------------------


def _has_words(wanted: Sequence[str]) -> Matches:
    query = " & ".join(f"'{word}':*" for word in wanted)
    return Matches(
        SearchVector(F("search_text")), SearchQuery(query, search_type="raw", config="simple")
    )


def _best_on_postgresql(books: BookQuerySet, wanted: Sequence[str]) -> list[int]:
    """Ranked by how much of the title was typed, then by how many readers rated the book.

    A common word may match a large part of the catalogue: only the most rated matches, and
    those whose whole title was typed, are worth ranking.
    """
    typed = " ".join(wanted)
    most_rated = books.filter(_has_words(wanted)).order_by("-rating_count", "-id")
    same_title = books.filter(work_key__startswith=f"{typed}{KEY_SEPARATOR}")
    candidates = {
        *most_rated.values_list("pk", flat=True)[:RANKED_WINDOW],
        *same_title.order_by("-rating_count", "-id").values_list("pk", flat=True)[:FEW],
    }
    closeness = TrigramSimilarity(F("title_typed"), typed)
    ranked = (
        Book.objects.filter(pk__in=candidates)
        .annotate(title_typed=_title_in_work_key())
        .annotate(
            rank=Case(
                When(title_typed=typed, then=Value(3)),
                When(title_typed__startswith=typed, then=Value(2)),
                default=Value(1),
            ),
            closeness=closeness,
        )
        .order_by("-rank", "-closeness", "-rating_count", "id")
    )
    return list(ranked.values_list("pk", flat=True)[:RANKED_WINDOW])


def _similar_on_postgresql(
    books: BookQuerySet, wanted: Sequence[str], *, known: Sequence[int]
) -> list[int]:
    """Books that have a word similar to each of the longer words typed."""
    long_words = [word for word in wanted if len(word) >= SIMILAR_FROM_LENGTH]
    if not long_words:
        return []
    typed = " ".join(wanted)
    similar = books.exclude(pk__in=known)
    for word in long_words:
        similar = similar.filter(search_text__trigram_word_similar=word)
    ranked = similar.annotate(closeness=TrigramWordSimilarity(typed, F("search_text")))
    ranked = ranked.order_by("-closeness", "-rating_count", "id")
    with transaction.atomic(), connection.cursor() as cursor:
        # The operator that the index serves reads its limit from here.
        cursor.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {SIMILAR_FROM}")
        return list(ranked.values_list("pk", flat=True)[:SIMILAR_AT_MOST])


def _title_in_work_key() -> Func:
    """The searchable title, which is the first part of the work key."""
    return Func(
        F("work_key"),
        Value(KEY_SEPARATOR),
        Value(1),
        function="split_part",
        output_field=models.TextField(),
    )


# -- SQLite ---------------------------------------------------------------------------------


def _fts_query(wanted: Sequence[str]) -> str:
    """Quoted, so that no word is taken for an operator; each word matches as a beginning."""
    return " ".join(f'"{word}"*' for word in wanted)


def _best_on_sqlite(books: BookQuerySet, wanted: Sequence[str]) -> list[int]:
    """Ranked by whether the title was typed, then by the weight of what matches (BM25)."""
    typed = " ".join(wanted)
    within: str = ""
    parameters: Sequence[Any] = ()
    if books.query.where:
        try:
            within, parameters = books.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return []
        within = f"AND rowid IN ({within})"
    sql = f"""
        SELECT rowid FROM clubs_book_fts WHERE clubs_book_fts MATCH %s {within}
        ORDER BY title = %s DESC, substr(title, 1, %s) = %s DESC,
                 bm25(clubs_book_fts, {WEIGHTS}), rowid
        LIMIT {RANKED_WINDOW}
    """  # noqa: S608  (what is put in are numbers of this module and SQL made by the ORM)
    with connection.cursor() as cursor:
        cursor.execute(sql, [_fts_query(wanted), *parameters, typed, len(typed), typed])
        return [key for (key,) in cursor.fetchall()]


# -- writing --------------------------------------------------------------------------------


def search_text(title: str, subtitle: str, authors: Iterable[str]) -> str:
    """What of a book is searched, made comparable."""
    return searchable(title, subtitle, *authors)


def index_book(book: Book) -> None:
    """Write what a search finds `book` by: `search_text`, and its row in the table of SQLite.

    Part of every service that writes a title, a subtitle or authors, in its transaction.
    """
    authorships = Authorship.objects.filter(book=book).order_by("position", "id")
    authors = list(authorships.values_list("author__name", flat=True))
    text = search_text(book.title, book.subtitle, authors)
    if text != book.search_text:
        Book.objects.filter(pk=book.pk).update(search_text=text)
        book.search_text = text
    if connection.vendor == "sqlite":
        unindex_book(book.pk)
        row: list[Any] = [
            book.pk,
            searchable(book.title),
            searchable(*authors),
            searchable(book.subtitle),
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO clubs_book_fts (rowid, title, authors, rest) VALUES (%s, %s, %s, %s)",
                row,
            )


def unindex_book(book_id: int) -> None:
    """Take a book that is being deleted out of the table of SQLite."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM clubs_book_fts WHERE rowid = %s", [book_id])


def rebuild_index() -> int:
    """Index all books anew, in batches; gives how many. For `doctor` and bulk imports."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM clubs_book_fts")
    last, done = 0, 0
    while batch := list(Book.objects.filter(pk__gt=last).order_by("pk")[:REINDEX_BATCH]):
        with transaction.atomic():
            for book in batch:
                index_book(book)
        last, done = batch[-1].pk, done + len(batch)
    return done


def unindexed_books() -> int:
    """How many books the table of SQLite has too few or too many; 0 on PostgreSQL."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM clubs_book WHERE id NOT IN "
            "(SELECT rowid FROM clubs_book_fts)) + (SELECT count(*) FROM clubs_book_fts "
            "WHERE rowid NOT IN (SELECT id FROM clubs_book))"
        )
        count: int = cursor.fetchone()[0]
    return count
