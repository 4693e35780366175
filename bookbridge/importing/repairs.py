"""Repairs of damaged values: done when there is one answer only, else the row is refused."""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime

from django.utils import timezone
from stdnum import isbn as standard

from bookbridge.importing.languages import TAGS
from clubs.books.isbn import find as find_isbn
from clubs.books.serializers import EARLIEST_YEAR, YEARS_AHEAD

#: Longer digits were cut, shorter ones lost more than zeros.
SHORTEST_ISBN10 = 6
LONGEST_TEXT = 10_000

_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[A-Za-z]{2,8});")
#: Characters that UTF-8 taken for Latin-1 or Windows-1252 consists of.
_WINDOWS = {
    bytes([octet]).decode("cp1252"): octet
    for octet in range(0x80, 0xA0)
    if octet not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_DOUBLE = re.compile(f"[\x80-\xff{''.join(_WINDOWS)}]+")
#: A letter of Latin-1 encoded twice, of which one character became a question mark on the way.
#: Beside a letter it can only have been a letter itself.
_LOST = re.compile(r"(?<=[A-Za-z\xc0-\xff])Ã\?Â([\xa0-\xbf])|Ã\?Â([\xa0-\xbf])(?=[A-Za-z])")
_YEAR = re.compile(r"(-?[0-9]{1,4})(?:\.0+)?")
_NOTATION = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?12")
_NUMBER = re.compile(r"[0-9]{1,19}(?:\.0+)?")
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_COVER = re.compile(r"https?://[a-zA-Z0-9.\-]+/[\x21-\x7e]{0,450}")


class Refused(Exception):
    """A row that is not taken; `reason` is a word, `detail` what it is about."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def text(value: str, repairs: list[str], *, longest: int, name: str) -> str:
    """One line of text; names of repairs are added to `repairs`.

    Raises:
        Refused: `damaged_text`, `lost_letters`, `too_long`.
    """
    if not value.isascii():
        value = _undoubled(value, repairs)
        if "\ufffd" in value or any("\x80" <= letter <= "\x9f" for letter in value):
            raise Refused("damaged_text", value)
    if "\\" in value and value.endswith('"'):
        value = _requoted(value, repairs)
    if "&" in value and _ENTITY.search(value):
        value = html.unescape(value)
        repairs.append("html_entity")
    value = " ".join(_CONTROL.sub(" ", value).split())
    if len(value) > longest:
        raise Refused("too_long", name)
    return value


def long_text(value: str, repairs: list[str]) -> str:
    """Text of several lines; what is too long is cut, and that is noted."""
    value = _CONTROL_IN_TEXT.sub("", value.replace("\r\n", "\n")).strip()
    if len(value) > LONGEST_TEXT:
        value = value[:LONGEST_TEXT].rstrip()
        repairs.append("description_cut")
    return value


def _undoubled(value: str, repairs: list[str]) -> str:
    """Text that was encoded as UTF-8 more than once, encoded once."""
    before = value
    for _time in range(4):
        value = _LOST.sub(lambda found: chr(0x40 + ord(found[1] or found[2])), value)
        if "Ã?" in value:
            raise Refused("lost_letters", value)
        once = _DOUBLE.sub(_decoded, value)
        if once == value:
            break
        value = once
    if value != before:
        repairs.append("double_encoding")
    return value


def _decoded(found: re.Match[str]) -> str:
    octets = bytes(_WINDOWS.get(letter, ord(letter)) for letter in found[0])
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return found[0]


def _requoted(value: str, repairs: list[str]) -> str:
    r"""What `"\"O\" Is for Outlaw"` was before a reader that knows no backslashes read it."""
    before, _backslash, rest = value.partition("\\")
    repairs.append("escaped_quotes")
    return (before + '\\"' + rest[:-1]).replace('\\"', '"')


def isbns(isbn: str, isbn13: str, repairs: list[str]) -> list[str]:
    """The ISBN-13 of a book, from whichever of its numbers is whole; empty when it has none.

    Raises:
        Refused: `invalid_isbn`, a number is given and cannot be one.
    """
    isbn, isbn13 = (number.strip().strip('="') for number in (isbn, isbn13))
    if not isbn and not isbn13:
        return []
    found = (find_isbn(isbn) if isbn else None) or (find_isbn(isbn13) if isbn13 else None)
    if found:
        return [found]
    if not isbn:
        # Twelve digits of thirteen are left: nothing tells which the last one was.
        if _NOTATION.fullmatch(isbn13):
            return []
        raise Refused("invalid_isbn", isbn13)
    padded = isbn.upper().zfill(10)
    if len(isbn) >= SHORTEST_ISBN10 and standard.is_valid(padded):
        repairs.append("isbn_leading_zeros")
        return [str(standard.to_isbn13(padded))]
    # Some cut `978` off an ISBN-13: certain when what is left of the ISBN-13 agrees.
    whole = f"978{padded}"
    if standard.is_valid(whole) and _agrees(whole, isbn13):
        repairs.append("isbn_without_prefix")
        return [whole]
    raise Refused("invalid_isbn", isbn)


def _agrees(whole: str, rest: str) -> bool:
    if _NOTATION.fullmatch(rest):
        return math.isclose(float(rest), int(whole), rel_tol=1e-11)
    digits = rest.removesuffix(".0")
    return len(digits) >= 10 and whole.startswith(digits)


def year(value: str, repairs: list[str]) -> int | None:
    """A year; before the common era it is negative; 0 says that it is not known.

    Raises:
        Refused: `invalid_year`, `year_in_future`.
    """
    value = value.strip()
    if not value:
        return None
    found = _YEAR.fullmatch(value)
    if found is None or int(found[1]) < EARLIEST_YEAR:
        raise Refused("invalid_year", value)
    number = int(found[1])
    if number > timezone.now().year + YEARS_AHEAD:
        raise Refused("year_in_future", value)
    if number == 0:
        repairs.append("year_unknown")
        return None
    if number < 0:
        repairs.append("year_before_common_era")
    return number


def language(value: str) -> str:
    """A language tag in small letters, from a tag, or from a code of ISO 639-2.

    Raises:
        Refused: `invalid_language`.
    """
    tag = value.strip().lower().replace("_", "-")
    if not tag:
        return ""
    if not _TAG.fullmatch(tag) or len(tag) > 35:
        raise Refused("invalid_language", value)
    first, hyphen, rest = tag.partition("-")
    return TAGS.get(first, first) + hyphen + rest


def number(value: str) -> str:
    """A whole number of a data set, as text; spreadsheets may have added `.0`."""
    value = value.strip()
    return value.partition(".")[0] if _NUMBER.fullmatch(value) else value


def pages(value: str) -> int | None:
    """A number of pages, where there is a plausible one."""
    count = number(value)
    return int(count) if count.isdecimal() and 1 <= int(count) <= 100_000 else None


def cover(value: str) -> str:
    """The address of a cover; placeholders are none."""
    value = value.strip()
    if "nophoto" in value or not _COVER.fullmatch(value):
        return ""
    return value


def half_stars(value: str, scale: int) -> int:
    """A rating of a scale of 5 (stars, also half ones) or 10, in half stars.

    Raises:
        Refused: `not_rated` for 0 and nothing, `invalid_rating`.
    """
    value = value.strip().replace(",", ".")
    if value in ("", "0", "0.0"):
        raise Refused("not_rated", value)
    try:
        doubled = float(value) * (10 // scale)
    except ValueError:
        raise Refused("invalid_rating", value) from None
    if not 1 <= doubled <= 10 or doubled != int(doubled):
        raise Refused("invalid_rating", value)
    return int(doubled)


def moment(value: str) -> datetime | None:
    """When something was rated: a date, a moment, or seconds since 1970.

    Raises:
        Refused: `invalid_date`, also for the future.
    """
    value = value.strip()
    if not value:
        return None
    try:
        if value.isdecimal() and len(value) >= 9:
            found = datetime.fromtimestamp(int(value), UTC)
        else:
            found = datetime.fromisoformat(value.replace("/", "-"))
            found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused("invalid_date", value) from None
    if found > timezone.now() or found.year < 1970:
        raise Refused("invalid_date", value)
    return found
