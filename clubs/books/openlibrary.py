"""Asking Open Library about an ISBN, without trusting or waiting for it.

One request to the Books API (`jscmd=data`, which carries the names of authors) with a second try.
The whole look-up ends in time however the other side behaves: it runs in a thread of its own,
because neither looking up a host name nor an answer that trickles in obeys a socket's time limit.
What comes back is foreign: each value is taken only if it is what it should be.
"""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import Unavailable
from clubs.books.authors import MAX_AUTHORS

if TYPE_CHECKING:
    import urllib3

logger = logging.getLogger(__name__)

Record = dict[str, Any]

MAX_ANSWER_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
#: So many look-ups at once; a slow Open Library must not hold all threads of the server.
AT_ONCE = 4
RETRY_AFTER_SECONDS = 60
RETRY_WHEN_OFF_SECONDS = 24 * 60 * 60
LARGEST_PAGE_COUNT = 100_000

_places = threading.BoundedSemaphore(AT_ONCE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)", re.ASCII)
_COVER = re.compile(r"https://[a-z0-9.\-]+/[A-Za-z0-9._~/\-]*", re.ASCII)
_KEY = re.compile(r"/books/(OL[0-9]{1,12}M)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_LANGUAGE = re.compile(r"/languages/([a-z]{3})", re.ASCII)
#: MARC codes, as Open Library has them, of languages that have a shorter tag.
_TAGS = {
    "ara": "ar", "cat": "ca", "chi": "zh", "cze": "cs", "dan": "da", "dut": "nl", "eng": "en",
    "fin": "fi", "fre": "fr", "ger": "de", "gre": "el", "heb": "he", "hin": "hi", "hun": "hu",
    "ita": "it", "jpn": "ja", "kor": "ko", "lat": "la", "nor": "no", "per": "fa", "pol": "pl",
    "por": "pt", "rum": "ro", "rus": "ru", "spa": "es", "swe": "sv", "tur": "tr", "ukr": "uk",
}  # fmt: skip


class NoAnswer(Exception):
    """Open Library did not answer, or not with what can be read."""


def fetch(isbn13: str) -> Record | None:
    """What Open Library knows of an ISBN: arguments for `add_book`, or None if nothing.

    Ends within `settings.OPENLIBRARY_TIMEOUT` seconds.

    Raises:
        Unavailable: 503 `lookup_unavailable`, it is switched off, away, slow or odd.
    """
    if not settings.OPENLIBRARY_URL:
        raise _unavailable(RETRY_WHEN_OFF_SECONDS)
    try:
        answer = _within(settings.OPENLIBRARY_TIMEOUT, lambda: _ask(isbn13))
        return _read(answer, isbn13)
    except NoAnswer as error:
        logger.warning("Open Library: %s", error)
        raise _unavailable(RETRY_AFTER_SECONDS) from error


def _unavailable(seconds: int) -> Unavailable:
    message = _("Open Library cannot be asked at the moment. You can enter the book by hand.")
    return Unavailable(message, "lookup_unavailable", retry_after=seconds)


def _within(seconds: float, act: Callable[[], bytes | None]) -> bytes | None:
    """The result of `act`, which runs beside and is left alone when its time is over."""
    if not _places.acquire(blocking=False):
        raise NoAnswer("too many look-ups are under way")
    outcome: queue.SimpleQueue[bytes | None | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(act())
        except Exception as error:  # handed over to the thread that waits
            outcome.put(error)
        finally:
            _places.release()

    threading.Thread(target=run, name="openlibrary", daemon=True).start()
    try:
        result = outcome.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswer("no answer in time") from None
    if isinstance(result, NoAnswer):
        raise result
    if isinstance(result, Exception):
        raise NoAnswer(type(result).__name__) from result
    return result


def _client() -> Any:
    """`urllib3`, imported at the first look-up: most processes never ask."""
    return import_module("urllib3")


@cache
def _pool() -> urllib3.PoolManager:
    """Connections that are kept; made at the first use, after the server has forked."""
    found: urllib3.PoolManager = _client().PoolManager(
        num_pools=2,
        maxsize=AT_ONCE,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "BookBridge (catalogue of a reading club platform)",
        },
    )
    return found


def _ask(isbn13: str) -> bytes | None:
    """The body of the answer; None when the address is not known there."""
    seconds = settings.OPENLIBRARY_TIMEOUT
    response = _pool().request(
        "GET",
        f"{settings.OPENLIBRARY_URL.rstrip('/')}/api/books",
        fields={"bibkeys": f"ISBN:{isbn13}", "format": "json", "jscmd": "data"},
        # A redirect is not followed: it could lead anywhere, also into the own network.
        redirect=False,
        retries=_client().Retry(
            total=1,
            redirect=0,
            status_forcelist=(500, 502, 503, 504),
            backoff_factor=0.1,
            raise_on_status=False,
            respect_retry_after_header=False,
        ),
        timeout=_client().Timeout(connect=seconds / 2, read=seconds),
        preload_content=False,
    )
    try:
        if response.status == 404:
            return None
        if response.status != 200:
            raise NoAnswer(f"status {response.status}")
        return _body(response)
    finally:
        # Not given back to the pool with an unread rest.
        response.close()


def _body(response: Any) -> bytes:
    body, deadline = bytearray(), time.monotonic() + settings.OPENLIBRARY_TIMEOUT
    while chunk := response.read1(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise NoAnswer("the answer is too large")
        if time.monotonic() > deadline:
            raise NoAnswer("the answer trickles")
    return bytes(body)


# -- reading what came back -----------------------------------------------------------------


def _read(answer: bytes | None, isbn13: str) -> Record | None:
    """The usable part of an answer; None when it has no title or no author."""
    if answer is None:
        return None
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("the answer is not JSON") from error
    if not isinstance(found, dict):
        raise NoAnswer("the answer is not an object")
    if not found:
        return None
    record = found.get(f"ISBN:{isbn13}")
    if not isinstance(record, dict):
        raise NoAnswer("the answer is about something else")
    title = _text(record.get("title"), 300)
    authors = [name for name in (_name(person) for person in _list(record, "authors")) if name]
    if not title or not authors:
        return None
    return {
        "title": title,
        "authors": authors,
        "subtitle": _text(record.get("subtitle"), 300),
        "published_year": _year(record.get("publish_date")),
        "page_count": _pages(record.get("number_of_pages")),
        "language": _language(record),
        "cover_url": _cover(record.get("cover")),
        "openlibrary_id": _matched(_KEY, record.get("key")),
        "goodreads_id": _goodreads_id(record.get("identifiers")),
    }


def _list(record: Record, name: str) -> list[Any]:
    value = record.get(name)
    return value[:MAX_AUTHORS] if isinstance(value, list) else []


def _text(value: Any, length: int) -> str:
    """One line of at most `length` characters; empty when it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join(_CONTROL.sub(" ", value[: 10 * length]).split())[:length].rstrip()


def _name(person: Any) -> str:
    return _text(person.get("name"), 200) if isinstance(person, dict) else ""


def _matched(pattern: re.Pattern[str], value: Any) -> str:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    return found[found.lastindex or 0] if found else ""


def _year(value: Any) -> int | None:
    """The first year in a date written in any way: `July 2003`, `2003-07`, `c1954`."""
    years = [int(year) for year in _YEAR.findall(_text(value, 100))]
    return next((year for year in years if year <= timezone.now().year + 2), None)


def _pages(value: Any) -> int | None:
    return value if type(value) is int and 1 <= value <= LARGEST_PAGE_COUNT else None


def _language(record: Record) -> str:
    languages = _list(record, "languages")
    first = languages[0] if languages and isinstance(languages[0], dict) else {}
    code = _matched(_LANGUAGE, first.get("key"))
    return _TAGS.get(code, code)


def _cover(value: Any) -> str:
    address = value.get("large") or value.get("medium") if isinstance(value, dict) else None
    if not isinstance(address, str) or len(address) > 500:
        return ""
    return _matched(_COVER, address)


def _goodreads_id(value: Any) -> str:
    numbers = value.get("goodreads") if isinstance(value, dict) else None
    return _matched(_NUMBER, numbers[0]) if isinstance(numbers, list) and numbers else ""
