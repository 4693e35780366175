"""Addresses by their first word, so that a request is compared with those of its own kind only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver


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


def _flat(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif str(pattern.pattern):
            raise ValueError(f"{pattern.pattern} has addresses of its own below it")
        else:
            yield from _flat(pattern.url_patterns)
