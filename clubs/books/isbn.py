"""The one home of what an ISBN is: read, checked, and kept as thirteen digits."""

from __future__ import annotations

import re

from stdnum import isbn as standard

#: Digits with hyphens or spaces between them; the check digit of an ISBN-10 may be X.
_WRITTEN = re.compile(
    r"(?:ISBN(?:-1[03])?:?\s*)?([0-9](?:[\s\-\u2010-\u2015]?[0-9]){8,11}"
    r"[\s\-\u2010-\u2015]?[0-9Xx])",
    re.ASCII,
)
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]")
#: No ISBN is written with more characters than that.
MAX_LENGTH = 40


class InvalidIsbn(ValueError):
    """The text is no ISBN: wrong characters, a wrong length or a wrong check digit."""


def parse(text: str) -> str:
    """The ISBN-13, thirteen digits, of an ISBN-10 or ISBN-13 with or without hyphens.

    Raises:
        InvalidIsbn: the text is none, or its check digit is wrong.
    """
    written = _WRITTEN.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if written is None:
        raise InvalidIsbn(text)
    digits = _SEPARATORS.sub("", written[1]).upper()
    if not standard.is_valid(digits):
        raise InvalidIsbn(text)
    return str(standard.to_isbn13(digits))


def find(text: str) -> str | None:
    """The ISBN-13 that `text` is, or None."""
    try:
        return parse(text)
    except InvalidIsbn:
        return None
