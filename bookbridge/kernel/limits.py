"""How often somebody may do something: requests a minute, and attempts that must stay few.

Both kinds count in fixed windows. Request limits count in the cache server, which gives busy
clients of a process some uses at a time, and without one in this process, which is good enough
to keep one client from starving the others. Security limits
count in the database, always: what they guard costs a password hash or a mail, so that the price
does not show, and neither the number of processes nor a fault of the cache server gives an
attacker one attempt more.

The headers are those of draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from bookbridge.kernel import counters
from bookbridge.kernel.addresses import address_key, client_address
from bookbridge.kernel.counters import Count
from bookbridge.kernel.errors import TooManyRequests
from bookbridge.kernel.leases import leases

WINDOW_SECONDS = 60
PURGE_CHANCE = 0.01
PURGE_AT_MOST = 500
#: Digests of those who were here lately.
KEYS_KEPT = 10_000


@dataclass(frozen=True)
class Limit:
    """`quota` times in `seconds`; `name` appears in headers and separates the counters."""

    name: str
    quota: int
    seconds: int = WINDOW_SECONDS


@dataclass(frozen=True)
class Verdict:
    """What a limit said: whether it allowed, how often more, and when the window ends."""

    allowed: bool
    limit: Limit
    remaining: int
    reset_seconds: int


def anonymous_limit() -> Limit:
    """Requests of one address without an account."""
    return Limit("anonymous", _scaled(settings.RATE_LIMIT_ANONYMOUS))


def reader_limit() -> Limit:
    """Requests of one reader, over all devices."""
    return Limit("reader", _scaled(settings.RATE_LIMIT_READER))


def take(limit: Limit, key: str) -> Verdict:
    """Count one use of `limit` by `key`, and say whether it is still within the quota."""
    digest = counter_key(limit.name, key)
    count = leases.count(digest, limit.seconds, limit.quota)
    if count is None:
        count = counters.local_windows.count(digest, limit.seconds)
    return _verdict(limit, count, allowed=count.n <= limit.quota)


def take_request(request: HttpRequest, reader: Any | None) -> Verdict:
    """Count one request: of `reader`, or of the address when nobody is signed in.

    Raises:
        TooManyRequests: 429 `too_many_requests`, with the headers of the limit.
    """
    if reader is None:
        verdict = take(anonymous_limit(), address_key(client_address(request)))
    else:
        verdict = take(reader_limit(), str(reader.pk))
    if not verdict.allowed:
        raise refusal(verdict)
    return verdict


@dataclass(frozen=True)
class SecurityLimit(Limit):
    """A limit on failures: of passwords, of codes, of secrets that somebody could guess.

    A place is taken before the secret is checked and given back when it was right, so that no
    number of attempts at once gets past the quota. It counts in the database alone, whatever
    becomes of the cache server.
    """

    def reserve(self, keys: Iterable[str]) -> Verdict:
        """Take one place for each of `keys`, or none; see `reserve`."""
        return reserve([(self, key) for key in _listed(keys)])

    def give_back(self, keys: Iterable[str]) -> None:
        """Return the places that `reserve` took: the secret was right."""
        give_back([(self, key) for key in _listed(keys)])


#: A limit, and whom it counts: `"account:42"`, `"address:192.0.2.1"`.
Place = tuple[SecurityLimit, str]


def look(places: Iterable[Place]) -> Verdict:
    """Whether `reserve` would refuse now; takes nothing and locks nothing."""
    wanted, rows = _wanted(places)
    count = counters.look(rows)
    return _verdict(wanted[count.key], count, allowed=not count.refused)


def reserve(places: Iterable[Place]) -> Verdict:
    """Take one place of each limit, or none.

    To be called outside a transaction, before the secret is checked. When the verdict does not
    allow, nothing was taken (an address that is refused must not use up the places of an account)
    and the secret must not be looked at. The verdict speaks of the limit that
    has least left, or of the used-up one that lasts longest.
    """
    wanted, rows = _wanted(places)
    count = counters.reserve(rows)
    if random.random() < PURGE_CHANCE:  # noqa: S311
        counters.purge_expired(at_most=PURGE_AT_MOST)
    return _verdict(wanted[count.key], count, allowed=not count.refused)


def give_back(places: Iterable[Place]) -> None:
    """Return the places that `reserve` took: the secret was right."""
    counters.give_back(sorted({_counter(place) for place in places}))


def forget(places: Iterable[Place]) -> None:
    """Begin the windows of these anew."""
    counters.forget(sorted({_counter(place) for place in places}))


def sign_in_limit() -> SecurityLimit:
    """Failed sign-ins of one account, or from one address."""
    return SecurityLimit("sign-in", settings.SIGN_IN_FAILURES, settings.SIGN_IN_WINDOW_SECONDS)


def refusal(verdict: Verdict, code: str = "too_many_requests") -> TooManyRequests:
    """The error to raise for a verdict that does not allow."""
    message = _("Too many requests. Try again later.")
    error = TooManyRequests(message, code, retry_after=verdict.reset_seconds)
    error.headers = rate_headers(verdict)
    return error


def rate_headers(verdict: Verdict, policy_name: str | None = None) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`, and `Retry-After` when the verdict does not allow.

    For 1,199 of 1,200 left and 59 seconds to go: `"reader";q=1200;w=60` and
    `"reader";r=1199;t=59`.
    """
    limit, name = verdict.limit, policy_name or verdict.limit.name
    headers = {
        "RateLimit-Policy": f'"{name}";q={limit.quota};w={limit.seconds}',
        "RateLimit": f'"{name}";r={verdict.remaining};t={verdict.reset_seconds}',
    }
    if not verdict.allowed:
        headers["Retry-After"] = str(verdict.reset_seconds)
    return headers


@lru_cache(maxsize=KEYS_KEPT)
def counter_key(name: str, key: str) -> str:
    """The key of a counter: a keyed digest, so that no e-mail address can be read from it."""
    return salted_hmac(f"bookbridge.limits.{name}", key, algorithm="sha256").hexdigest()


def _wanted(places: Iterable[Place]) -> tuple[dict[str, SecurityLimit], list[counters.Place]]:
    """The limits by the keys of their counters, and what is to be counted."""
    wanted = {_counter(place): place[0] for place in places}
    rows = [counters.Place(key, limit.quota, limit.seconds) for key, limit in wanted.items()]
    return wanted, rows


def _counter(place: Place) -> str:
    limit, key = place
    return counter_key(limit.name, key)


def _listed(keys: Iterable[str]) -> Iterable[str]:
    return [keys] if isinstance(keys, str) else keys


def _verdict(limit: Limit, count: Count, *, allowed: bool) -> Verdict:
    reset_seconds = min(max(1, math.ceil(count.milliseconds / 1000)), limit.seconds)
    return Verdict(allowed, limit, max(0, limit.quota - count.n), reset_seconds)


def _scaled(quota: int) -> int:
    return max(1, round(quota * settings.RATE_LIMIT_FACTOR))
