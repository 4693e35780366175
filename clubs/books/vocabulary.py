"""The words of the catalogue on PostgreSQL: which of them are meant by a word typed wrongly, and
how many books have them.

A book of a million is looked for among its own words by full text; typing errors are forgiven by
looking for similar words first, of which there are fewer and which are short, then for the books
that have them. Words are only ever added: one that no book has any more finds nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence

from django.db import connection, connections

from bookbridge.kernel.replicas import read_alias
from bookbridge.kernel.text import MAX_WORD_LENGTH
from clubs.books.models import SearchWord

#: Shorter words have too few trigrams to be told apart.
SIMILAR_FROM_LENGTH = 4
#: So many similar words stand in for one.
SIMILAR_WORDS = 3
#: Shorter beginnings (in UTF-8: two Latin letters, no Chinese one) are those of words without
#: number.
COUNTED_FROM_BYTES = 3
KNOWN_FOR_SECONDS = 600.0

#: PostgreSQL's own limit of similarity: three tenths of the trigrams of both are the same.
SIMILAR = f"""
    SELECT typed, meant.word FROM unnest(%s::text[]) AS typed, LATERAL (
        SELECT word FROM clubs_searchword
        WHERE word %% typed
        ORDER BY similarity(word, typed) DESC, word LIMIT {SIMILAR_WORDS}
    ) AS meant
"""  # noqa: S608  (numbers of this module)
LEARN_ALL = f"""
    INSERT INTO clubs_searchword (word)
    SELECT DISTINCT word FROM clubs_book, unnest(string_to_array(search_text, ' ')) AS word
    WHERE length(word) BETWEEN {SIMILAR_FROM_LENGTH} AND {MAX_WORD_LENGTH}
    ORDER BY word ON CONFLICT DO NOTHING
"""  # noqa: S608
FREQUENCIES = """
    SELECT word, frequency * (
        SELECT greatest(reltuples, 0) FROM pg_class
        WHERE relname = 'clubs_book' AND pg_table_is_visible(oid)
    )
    FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs)
        AS counted (word, frequency)
    WHERE tablename = 'clubs_book_words' AND word IS NOT NULL
"""


def learn(texts: Iterable[str]) -> None:
    """Know the words of these search texts from now on; nothing to do on SQLite."""
    if connection.vendor != "postgresql":
        return
    words = {
        word
        for text in texts
        for word in text.split()
        if SIMILAR_FROM_LENGTH <= len(word) <= MAX_WORD_LENGTH
    }
    # In one order, so that two who add the same words do not wait for each other.
    new = [SearchWord(word=word) for word in sorted(words)]
    SearchWord.objects.bulk_create(new, batch_size=2_000, ignore_conflicts=True)


def learn_all() -> None:
    """Know the words of all books, after a bulk load."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LEARN_ALL)


def similar_words(typed: Sequence[str]) -> dict[str, list[str]]:
    """For each of the words typed those most similar to it, best first."""
    found: dict[str, list[str]] = {word: [] for word in typed}
    with connections[read_alias()].cursor() as cursor:
        cursor.execute(SIMILAR, [list(typed)])
        for word, similar in cursor.fetchall():
            found[word].append(similar)
    return found


class Frequencies:
    """How many books have words that begin so, as the database estimates it itself (ANALYZE)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._books: dict[str, float] = {}
        self._until = 0.0

    def forget(self) -> None:
        """Ask anew the next time."""
        self._until = 0.0

    def beginning(self, start: str) -> float:
        """About how many books have a word that begins with `start`; 0 for rare ones."""
        if len(start.encode()) < COUNTED_FROM_BYTES:
            return float("inf")
        return sum(number for word, number in self._known().items() if word.startswith(start))

    def word(self, word: str) -> float:
        """About how many books have this very word; 0 for a rare one."""
        return self._known().get(word, 0.0)

    def _known(self) -> dict[str, float]:
        if time.monotonic() >= self._until:
            with connections[read_alias()].cursor() as cursor:
                cursor.execute(FREQUENCIES)
                books = dict(cursor.fetchall())
            with self._lock:
                self._books, self._until = books, time.monotonic() + KNOWN_FOR_SECONDS
        return self._books


frequencies = Frequencies()
