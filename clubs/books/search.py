"""Search in the catalogue by title, author or ISBN, best match first.

Both databases see texts without accents, case and punctuation (`kernel.text.searchable`), and
words match by their beginnings. PostgreSQL looks in `search_text` through a full-text index and,
when that finds little, for words similar to those typed (`ranking.py`, `vocabulary.py`). SQLite
looks in the table `clubs_book_fts` (FTS5). All of it is written by `indexing.py` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat, StrIndex

from bookbridge.kernel.pagination import RANKED_WINDOW
from bookbridge.kernel.text import words
from clubs.books.isbn import find as find_isbn
from clubs.books.models import Isbn
from clubs.books.ranking import Term, best_matches, has_words

if TYPE_CHECKING:
    from clubs.books.querysets import BookQuerySet

#: How much a match in the title, the authors and the rest of a book weighs on SQLite.
WEIGHTS = "10.0, 5.0, 1.0"


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
        return books.filter(has_words([Term(word) for word in wanted]))
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
    if connection.vendor == "postgresql":
        return best_matches(books, wanted)
    return _best_on_sqlite(books, wanted)


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
