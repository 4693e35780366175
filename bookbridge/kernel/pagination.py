"""Keyset pages: stable under inserts, and the same cost at any depth.

A cursor carries the ordering values of the row at the edge of a page. It is signed, bound to
the list, its filters and its reader, and does not change from request to request. A search by
relevance has no keyset (scores move): there the cursor carries the rank in the first 500.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from bookbridge.kernel.compiled import Cut, Question, rows_of
from bookbridge.kernel.errors import InvalidInput
from bookbridge.kernel.query import ADDRESSES_KEPT, LONGEST_KEPT, query_of
from bookbridge.kernel.routes import absolute

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from bookbridge.kernel.shapes import Row, Shape

#: How many matches a search by relevance shows at most.
RANKED_WINDOW = 500

FORWARD, BACKWARD, RANK = "n", "p", "r"
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_OUTSIDE_SCOPE = ("page_size", "fields")

#: Names of `?ordering=` and the columns behind them; each ends in the key.
Orderings = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Page:
    """Rows of one page and the cursors of its neighbours."""

    rows: Sequence[Row]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: a direction and the ordering values of the row before it."""

    direction: str
    values: tuple[Any, ...]


def list_scope(request: HttpRequest, viewer: Any) -> str:
    """A digest of the list, its filters and its reader, to which cursors are bound."""
    reader = viewer.pk if viewer is not None else None
    text = json.dumps([request.path, _said(request)[0], reader])
    return blake2b(text.encode(), digest_size=9).hexdigest()


def encode_cursor(cursor: Cursor, scope: str) -> str:
    """The text of a cursor: URL-safe, signed, the same for the same place."""
    payload = _ENCODER.encode(
        [scope, cursor.direction, [_tagged(value) for value in cursor.values]]
    )
    body = urlsafe_b64encode(payload.encode()).decode().rstrip("=")
    return _signer(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)).sign(body)


def decode_cursor(text: str, scope: str) -> Cursor:
    """The cursor of `text`.

    Raises:
        InvalidInput: `invalid_cursor`, when it was changed or belongs to another list.
    """
    try:
        body = _signer(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)).unsign(text)
        payload = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (BadSignature, ValueError) as error:
        raise invalid_cursor() from error
    found, direction, values = payload
    if found != scope:
        raise invalid_cursor()
    return Cursor(direction, tuple(_untagged(kind, value) for kind, value in values))


def invalid_cursor() -> InvalidInput:
    """The answer to a cursor that this list did not give out."""
    return InvalidInput.parameter(
        "cursor", "invalid_cursor", _("This cursor does not belong to this list.")
    )


def keyset_page(
    source: QuerySet[Any] | Question,
    shape: Shape,
    *,
    keys: tuple[str, ...],
    size: int,
    cursor: str | None,
    scope: str,
) -> Page:
    """One page of `source` ordered by `keys`, after (or before) `cursor`.

    Arguments:
        keys: `order_by` terms on columns that are never null; the last is the primary key.
        size: rows on a page.

    Raises:
        InvalidInput: `invalid_cursor`.
    """
    place = decode_cursor(cursor, scope) if cursor else None
    if place and (place.direction == RANK or len(place.values) != len(keys)):
        raise invalid_cursor()
    backward = place is not None and place.direction == BACKWARD
    order = [_reversed(key) for key in keys] if backward else list(keys)
    names = [key.lstrip("-") for key in keys]
    after = place.values if place else ()
    cut = Cut((*shape.columns, *names), tuple(order), len(after), stop=size + 1)
    rows = rows_of(source, cut, after)
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()

    def at(row: Row, direction: str) -> str:
        return encode_cursor(Cursor(direction, tuple(row[name] for name in names)), scope)

    if not rows:
        return Page(rows, None, None)
    has_next = True if backward else more
    has_previous = more if backward else place is not None
    return Page(
        rows,
        at(rows[-1], FORWARD) if has_next else None,
        at(rows[0], BACKWARD) if has_previous else None,
    )


def ranked_page(
    source: QuerySet[Any] | Question,
    shape: Shape,
    *,
    size: int,
    cursor: str | None,
    scope: str,
) -> Page:
    """One page of a search by relevance: `source` comes ordered, best match first.

    Raises:
        InvalidInput: `invalid_cursor`.
    """
    start = 0
    if cursor:
        place = decode_cursor(cursor, scope)
        if place.direction != RANK:
            raise invalid_cursor()
        start = place.values[0]
    end = min(start + size, RANKED_WINDOW)
    rows = rows_of(source, Cut(shape.columns, start=start, stop=end + 1))
    more, rows = len(rows) > end - start and end < RANKED_WINDOW, rows[: end - start]

    def at(rank: int) -> str:
        return encode_cursor(Cursor(RANK, (rank,)), scope)

    return Page(rows, at(end) if more else None, at(max(0, start - size)) if start else None)


def page_address(request: HttpRequest, cursor: str | None) -> str | None:
    """The absolute address of the page at `cursor`, with the filters of this one."""
    if cursor is None:
        return None
    # A cursor is of letters that stand in an address as they are.
    return absolute(request, f"{request.path}?{_said(request)[1]}cursor={cursor}")


def _said(request: HttpRequest) -> tuple[list[tuple[str, str]], str]:
    text: str = request.META.get("QUERY_STRING", "")
    known = _parameters if len(text) <= LONGEST_KEPT else _parameters.__wrapped__
    return known(text)


@lru_cache(maxsize=ADDRESSES_KEPT)
def _parameters(text: str) -> tuple[list[tuple[str, str]], str]:
    """What an address says: the filters in order, and all but the cursor, to go before one."""
    said = [
        (name, value)
        for name, values in query_of(text).lists()
        if name != "cursor"
        for value in values
    ]
    filters = sorted(each for each in said if each[0] not in _OUTSIDE_SCOPE)
    return filters, f"{urlencode(said)}&" if said else ""


@lru_cache(maxsize=2)
def _signer(key: str, before: tuple[str, ...]) -> Signer:
    return Signer(key=key, fallback_keys=list(before), salt="bookbridge.cursor", sep=".")


def _reversed(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _tagged(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return ("t", value.isoformat())
    if isinstance(value, date):
        return ("d", value.isoformat())
    return ("v", value)


def _untagged(kind: str, value: Any) -> Any:
    if kind == "t":
        return datetime.fromisoformat(value)
    if kind == "d":
        return date.fromisoformat(value)
    return value
