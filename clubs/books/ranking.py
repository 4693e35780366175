"""The best matches of a search for books on PostgreSQL, at a cost that has a bound.

A word may be in most of a million books, and no index gives the best of those in order. So:

- Where one of the words is rare, an index finds all books that have it, and the most rated of
  those that have the others too are ranked.
- Where all are common, the most rated books of the catalogue are gone through, then books of the
  same title, then as many others as there are places left, in no order. Words that are in very
  many books are not looked for in an index at all.

Nothing here goes through the whole catalogue; docs/search.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery, TrigramSimilarity, TrigramWordSimilarity
from django.db import connections, models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Concat

from bookbridge.kernel.pagination import RANKED_WINDOW
from bookbridge.kernel.patterns import Like
from bookbridge.kernel.replicas import read_alias
from clubs.books.authors import KEY_SEPARATOR
from clubs.books.models import Book
from clubs.books.vocabulary import SIMILAR_FROM_LENGTH, frequencies, similar_words

if TYPE_CHECKING:
    from clubs.books.querysets import BookQuerySet

#: With fewer exact matches than that, similar words are looked for as well.
FEW = 5
#: Similar books are a guess: so many are enough.
SIMILAR_AT_MOST = 50
#: So many are compared with what was typed, which is slow.
COMPARED = 200
#: Nobody types more words and most of them wrongly.
CORRECTED_AT_MOST = 6
#: All books with a word that is in no more than these are fetched and sorted.
RARE = 3_000
#: A word that is in more is not looked for in the index, where it would cost more than it tells:
#: so many words at most, and a more frequent one only when there is no other.
INDEXED, INDEXED_AT_MOST, FREQUENT = 20_000, 3, 50_000
#: So many of the most rated books are gone through for words that are not rare.
POPULAR = 10_000
#: So many books with the words looked up are searched for the words that were not.
FILLED_FROM = 1_000
#: So many books of the very title typed are looked at.
SAME_TITLE = 200

SPACE = Value(" ", output_field=models.TextField())


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


@dataclass(frozen=True)
class Term:
    """One word that must occur: its beginning as it was typed, or words similar to it."""

    start: str
    similar: tuple[str, ...] = ()

    @property
    def books(self) -> float:
        """About how many books have it."""
        return frequencies.beginning(self.start) + sum(map(frequencies.word, self.similar))

    @property
    def query(self) -> str:
        """Itself in the language of `to_tsquery`."""
        words = [f"'{self.start}':*", *(f"'{word}'" for word in self.similar)]
        return f"({' | '.join(words)})"

    @property
    def patterns(self) -> list[str]:
        """Itself as patterns of LIKE, for a text with a space before and after it."""
        return [f"% {self.start}%", *(f"% {word} %" for word in self.similar)]


def has_words(terms: Sequence[Term]) -> Matches:
    """Whether a book has them all, by the index."""
    query = SearchQuery(
        " & ".join(term.query for term in terms), search_type="raw", config="simple"
    )
    return Matches(SearchVector(F("search_text")), query)


def best_matches(books: BookQuerySet, wanted: Sequence[str]) -> list[int]:
    """The keys of the matches among `books`, best first, with what was perhaps meant after them."""
    found = _exact(books, wanted)
    if len(found) < FEW:
        found += _similar(books, wanted, known=found)
    return found


def _exact(books: BookQuerySet, wanted: Sequence[str]) -> list[int]:
    """Ranked by how much of the title was typed, then by how many readers rated the book."""
    typed = " ".join(wanted)
    same_title = books.filter(work_key__startswith=f"{typed}{KEY_SEPARATOR}")
    rated = sorted(same_title.values_list("rating_count", "pk")[:SAME_TITLE], reverse=True)
    candidates = {
        *_candidates(books, [Term(word) for word in wanted], RANKED_WINDOW),
        *(key for _count, key in rated[:FEW]),
    }
    ranked = (
        Book.objects.filter(pk__in=candidates)
        .annotate(title_typed=_title_in_work_key())
        .annotate(
            rank=Case(
                When(title_typed=typed, then=Value(3)),
                When(title_typed__startswith=typed, then=Value(2)),
                default=Value(1),
            ),
            closeness=TrigramSimilarity(F("title_typed"), typed),
        )
        .order_by("-rank", "-closeness", "-rating_count", "id")
    )
    return list(ranked.values_list("pk", flat=True)[:RANKED_WINDOW])


def _similar(books: BookQuerySet, wanted: Sequence[str], *, known: Sequence[int]) -> list[int]:
    """Books that have a word similar to each of the longer words typed."""
    long_words = list(dict.fromkeys(word for word in wanted if len(word) >= SIMILAR_FROM_LENGTH))
    if not 0 < len(long_words) <= CORRECTED_AT_MOST:
        return []
    found = similar_words(long_words)
    if not any(found.values()):
        return []
    terms = [Term(word, tuple(found[word])) for word in long_words]
    candidates = set(_candidates(books, terms, COMPARED)).difference(known)
    ranked = (
        Book.objects.filter(pk__in=candidates)
        .annotate(closeness=TrigramWordSimilarity(" ".join(wanted), F("search_text")))
        .order_by("-closeness", "-rating_count", "id")
    )
    return list(ranked.values_list("pk", flat=True)[:SIMILAR_AT_MOST])


def _candidates(books: BookQuerySet, terms: Sequence[Term], at_most: int) -> list[int]:
    """So many of the matches: the most rated, as far as that can be told."""
    terms = sorted(terms, key=lambda term: term.books)
    indexed = [term for term in terms if term.books <= INDEXED][:INDEXED_AT_MOST]
    if not indexed and terms[0].books <= FREQUENT:
        indexed = terms[:1]
    others = [term for term in terms if term not in indexed]
    if terms[0].books <= RARE:
        matching = _spelled(books.filter(has_words(indexed)), others)
        # The sum keeps the database from going through its index of ratings instead.
        by_rating = matching.order_by((F("rating_count") + 0).desc(), "-pk")
        return list(by_rating.values_list("pk", flat=True)[:at_most])
    found = _among_popular(books, terms)[:at_most]
    if indexed and len(found) < at_most:
        some = books.filter(has_words(indexed)).order_by().values("pk")
        some = some[: FILLED_FROM if others else at_most]
        fill = _spelled(Book.objects.filter(pk__in=some), others) if others else some
        found = list(dict.fromkeys([*found, *fill.values_list("pk", flat=True)]))
    return found[:at_most]


def _spelled(books: BookQuerySet, terms: Sequence[Term]) -> BookQuerySet:
    """Those of `books` that have all these words, found by looking at each of them."""
    if not terms:
        return books
    text = Concat(SPACE, F("search_text"), SPACE, output_field=models.TextField())
    found: BookQuerySet = books.annotate(spaced=text)
    for term in terms:
        found = found.filter(
            reduce(or_, (Q(Like(F("spaced"), Value(pattern))) for pattern in term.patterns))
        )
    return found


def _among_popular(books: BookQuerySet, terms: Sequence[Term]) -> list[int]:
    """Matches among the most rated books of the catalogue, the most rated first."""
    conditions, parameters = [], []
    for term in terms:
        conditions.append(" OR ".join(["spaced LIKE %s"] * len(term.patterns)))
        parameters += term.patterns
    statement = f"""
        SELECT id FROM (
            SELECT id, ' ' || search_text || ' ' AS spaced, rating_count FROM clubs_book
            ORDER BY rating_count DESC, id DESC LIMIT {POPULAR}
        ) AS popular WHERE {" AND ".join(f"({one})" for one in conditions)}
        ORDER BY rating_count DESC, id DESC
    """  # noqa: S608  (places for parameters, and a number of this module)
    with connections[read_alias()].cursor() as cursor:
        cursor.execute(statement, parameters)
        keys = [key for (key,) in cursor.fetchall()]
    if books.query.where:
        wanted = set(books.filter(pk__in=keys).order_by().values_list("pk", flat=True))
        keys = [key for key in keys if key in wanted]
    return keys


def _title_in_work_key() -> Func:
    """The searchable title, which is the first part of the work key."""
    return Func(
        F("work_key"),
        Value(KEY_SEPARATOR),
        Value(1),
        function="split_part",
        output_field=models.TextField(),
    )
