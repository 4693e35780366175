"""Headers of answers that are right by their making.

Django looks at each header that is set: whether it can be encoded, whether there is a line break
in it. What the program itself has written needs no look, and every answer carries a dozen of
those. Whatever comes from outside is set in Django's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from django.http.response import HttpResponseBase

#: Combinations of `Vary`; there are few.
COMBINATIONS_KEPT = 64

#: Names and values, by the names in small letters.
Made = dict[str, tuple[str, str]]


def made(headers: Mapping[str, str]) -> Made:
    """Headers, examined once.

    Raises:
        ValueError: one of them is no plain ASCII, or has a line break.
    """
    for name, value in headers.items():
        if not (name.isascii() and value.isascii() and f"{name}{value}".isprintable()):
            raise ValueError(f"{name}: {value!r} cannot be sent as it is")
    return {name.lower(): (name, value) for name, value in headers.items()}


def put(response: HttpResponseBase, headers: Made) -> None:
    """Set headers, in place of what was there."""
    response.headers._store.update(headers)


def put_missing(response: HttpResponseBase, headers: Made) -> None:
    """Set those headers that the answer has not yet."""
    store = response.headers._store
    for name, header in headers.items():
        store.setdefault(name, header)


def put_one(response: HttpResponseBase, name: str, value: str) -> None:
    """Set one header whose value the program has written itself: plain ASCII in one line."""
    response.headers._store[name.lower()] = (name, value)


def vary(response: HttpResponseBase, *names: str) -> None:
    """Say which headers of the request the answer depends on, after what was said before."""
    store = response.headers._store
    said = store.get("vary")
    store["vary"] = ("Vary", _varied("" if said is None else said[1], names))


@lru_cache(maxsize=COMBINATIONS_KEPT)
def _varied(said: str, names: tuple[str, ...]) -> str:
    all_names = [part.strip() for part in said.split(",") if part.strip()]
    if "*" in all_names:
        return "*"
    known = {name.lower() for name in all_names}
    return ", ".join(all_names + [name for name in names if name.lower() not in known])
