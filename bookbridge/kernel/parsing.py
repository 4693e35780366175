"""Reading JSON bodies: RFC 8259 without its soft spots, within limits that keep it cheap.

Before the JSON reader sees a body, its size and its nesting are checked; while it reads, double
names, numbers without a value and too many names are refused; afterwards NUL and lone surrogates
(which no database takes) are looked for. What is left is always a dict.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http.request import UnreadablePostError
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NAMES = 1_000
MAX_VALUES = 10_000
MAX_DIGITS = 400

# The next sign of structure, over strings and whatever else is between: the possessive quantifiers
# make the scan linear, and it always succeeds (at the end with no sign).
_SIGN = re.compile(r'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{},]|\Z)', re.DOTALL)
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class MalformedJson(ParseError):
    """The body is not JSON: 400."""

    default_detail = _("The body is not well-formed JSON.")
    default_code = "malformed_json"


class BodyTooLarge(ParseError):
    """The body is larger than `MAX_BODY_BYTES`: 413."""

    status_code = 413
    default_detail = _("The body is too large.")
    default_code = "body_too_large"


class BodyUnreadable(ParseError):
    """The client stopped sending before the end: 400, though it will hardly read it."""

    default_detail = _("The body did not arrive whole.")
    default_code = "body_incomplete"


class NotUtf8(ParseError):
    """The body is not UTF-8: 400."""

    default_detail = _("The body is not UTF-8.")
    default_code = "not_utf8"


class TooDeep(ParseError):
    """Arrays and objects are nested too deeply: 400."""

    default_detail = _("The body is nested too deeply.")
    default_code = "too_deep"


class TooManyValues(ParseError):
    """There are too many names or values: 400."""

    default_detail = _("The body has too many values.")
    default_code = "too_many_values"


class DuplicateKey(ParseError):
    """An object has the same name twice: 400, as readers differ in which of them counts."""

    default_detail = _("An object of the body has the same name twice.")
    default_code = "duplicate_key"


class NumberOutOfRange(ParseError):
    """A number is too large to be read: 400."""

    default_detail = _("The body has a number that is out of range.")
    default_code = "number_out_of_range"


class InvalidText(ParseError):
    """NUL or half of a surrogate pair: 400."""

    default_detail = _("The body has text with characters that are none.")
    default_code = "invalid_text"


class NotAnObject(ParseError):
    """The outermost value is not an object: 400."""

    default_detail = _("The body must be a JSON object.")
    default_code = "not_an_object"


class StrictJSONParser(BaseParser):
    """The parser of `application/json`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The object in `stream`; `{}` when there is nothing.

        Raises:
            ParseError: one of this module, with its code.
            UnsupportedMediaType: for another charset than UTF-8.
        """
        refuse_charset(media_type)
        return read_object(read_body(stream))


class MergePatchParser(StrictJSONParser):
    """The parser of `application/merge-patch+json` (RFC 7396), for PATCH alone."""

    media_type = "application/merge-patch+json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The members to change; 415 for any other method than PATCH."""
        request = (parser_context or {}).get("request")
        if request is not None and request.method != "PATCH":
            raise UnsupportedMediaType(self.media_type)
        return super().parse(stream, media_type, parser_context)


def refuse_charset(media_type: str | None) -> None:
    """Raise UnsupportedMediaType (`unsupported_charset`) unless the charset is UTF-8."""
    charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        detail = _("Only UTF-8 is understood.")
        raise UnsupportedMediaType(media_type or "", detail, "unsupported_charset")


def read_body(stream: IO[bytes]) -> bytes:
    """All bytes of `stream`, never more than one above the limit being read."""
    limit: int = getattr(settings, "MAX_BODY_BYTES", MAX_BODY_BYTES)
    try:
        body = stream.read(limit + 1)
    except UnreadablePostError as error:
        raise BodyUnreadable() from error
    if len(body) > limit:
        raise BodyTooLarge()
    return body


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; `{}` for an empty body.

    Raises:
        ParseError: one of this module, with its code.
    """
    if not body:
        return {}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8() from error
    _refuse_excess(text)
    value = _read(text)
    if not isinstance(value, dict):
        raise NotAnObject()
    if "\\u" in text:  # only escapes can bring in what UTF-8 and JSON keep out
        _refuse_unstorable(value)
    return value


def _refuse_excess(text: str) -> None:
    """Raise TooDeep or TooManyValues before anything is built."""
    depth = values = 0
    for match in _SIGN.finditer(text):
        sign = match[1]
        if sign == "]" or sign == "}":
            depth -= 1
            continue
        values += 1
        if values > MAX_VALUES:
            raise TooManyValues()
        if sign == "[" or sign == "{":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep()


def _read(text: str) -> Any:
    names = 0

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal names
        names += len(pairs)
        if names > MAX_NAMES:
            raise TooManyValues()
        found = dict(pairs)
        if len(found) < len(pairs):
            raise DuplicateKey()
        return found

    try:
        return json.loads(
            text,
            object_pairs_hook=to_object,
            parse_int=_to_int,
            parse_float=_to_float,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedJson() from error


def _to_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NumberOutOfRange()
    return int(digits)


def _to_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NumberOutOfRange()
    return number


def _refuse_constant(name: str) -> None:
    raise MalformedJson()


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        if _NOT_STORABLE.search(value):
            raise InvalidText()
    elif isinstance(value, dict):
        for name, member in value.items():
            _refuse_unstorable(name)
            _refuse_unstorable(member)
    elif isinstance(value, list):
        for member in value:
            _refuse_unstorable(member)
