"""Texts made comparable for search: without accents, case and punctuation."""

from __future__ import annotations

import unicodedata

MAX_WORDS = 10
MAX_WORD_LENGTH = 60
MAX_QUERY_LENGTH = 2_000

# Letters that Unicode does not take apart though people type them without their strokes.
_SPECIAL_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
    }
)
# In kana these marks make another letter, not an accent.
_VOICING_MARKS = "\u3099\u309a"


def searchable(*parts: str) -> str:
    """The parts as one text to search in: lower case, no accents, single spaces between words.

    Written to `search_text` columns and applied to queries, so that both sides agree. The
    result may be longer than the parts (`ß` becomes `ss`); writers cut it to their column.
    """
    decomposed = unicodedata.normalize("NFKD", " ".join(parts)).casefold()
    letters = unicodedata.normalize("NFKD", decomposed.translate(_SPECIAL_LETTERS))
    kept = "".join(map(_plain, letters))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def words(query: str) -> list[str]:
    """The first ten words of a search query, each cut to 60 characters.

    They hold letters and digits alone, so that no search syntax of a database is left in them.
    """
    found = searchable(query[:MAX_QUERY_LENGTH]).split()
    return [word[:MAX_WORD_LENGTH] for word in found[:MAX_WORDS]]


def _plain(character: str) -> str:
    """The character itself, nothing for an accent, a space for what is no part of a word."""
    if character.isalnum() or character in _VOICING_MARKS:
        return character
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return character if category == "Mc" else " "


def printable(text: str) -> str:
    """The text without control and other unprintable characters."""
    return "".join(filter(str.isprintable, text))
