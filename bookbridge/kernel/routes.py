"""Addresses by their first word, so that a request is compared with those of its own kind only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch, include, path
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver
from django.utils.encoding import iri_to_uri
from rest_framework.request import Request

ADDRESSES_KEPT, LONGEST_KEPT = 1_024, 120
#: Addresses that need no quoting.
PLAIN = re.compile(r"[A-Za-z0-9/_.~?=&%+-]*")


def by_first_word(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The same addresses in groups (`clubs/`, `books/`); within each they keep their order.

    Raises:
        ValueError: an address does not begin with a plain word.
    """
    groups: dict[str, list[Any]] = {}
    for pattern in _flat(patterns):
        word, slash, rest = str(pattern.pattern).partition("/")
        if not slash or "<" in word:
            raise ValueError(f"{pattern.pattern} does not begin with a word")
        route = path(rest, pattern.callback, pattern.default_args, name=pattern.name)
        groups.setdefault(word, []).append(route)
    return [path(f"{word}/", include(routes)) for word, routes in groups.items()]


def absolute(request: HttpRequest | Request, address: str) -> str:
    """An address of ours, from the slash on, with the scheme and the host of the request.

    Raises:
        DisallowedHost: 400, the request names a host that is not ours.
    """
    plain = address if PLAIN.fullmatch(address) else iri_to_uri(address)
    return f"{request.scheme}://{request.get_host()}{plain}"


def remembered(route: str, patterns: Sequence[URLPattern | URLResolver]) -> URLResolver:
    """`path(route, include(patterns))` that remembers what it found for the latest addresses.

    Walking through the groups takes longer than many an answer; which view an address belongs to
    does not depend on the request.
    """
    return _Remembering(RoutePattern(route), list(patterns))


class _Remembering(URLResolver):
    """A resolver with a memory, bounded in size; an address that leads nowhere is not kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found = lru_cache(maxsize=ADDRESSES_KEPT)(super().resolve)

    def resolve(self, path: str) -> ResolverMatch:
        """The view of an address below ours.

        Raises:
            Resolver404: there is none.
        """
        return self._found(path) if len(path) <= LONGEST_KEPT else super().resolve(path)


def _flat(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif str(pattern.pattern):
            raise ValueError(f"{pattern.pattern} has addresses of its own below it")
        else:
            yield from _flat(pattern.url_patterns)
