"""Which renderer answers: decided once for each `Accept` header, as it is always the same."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

#: Clients of one kind send one header; what was sent longest ago goes first.
HEADERS_KEPT = 256
ANYTHING = "*/*"


class _Asked:
    """As much of a request as the framework looks at."""

    def __init__(self, accept: str) -> None:
        self.headers = {"accept": accept}
        self.query_params: dict[str | None, str] = {}


class Negotiation(DefaultContentNegotiation):
    """The framework's own rules, remembered. Renderers keep no state, so one is enough."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer and the media type of the answer; 406 when there is none."""
        accept = request.META.get("HTTP_ACCEPT", ANYTHING)
        return _selected(accept, tuple(map(type, renderers)))


@lru_cache(maxsize=HEADERS_KEPT)
def _selected(accept: str, kinds: tuple[type[BaseRenderer], ...]) -> tuple[BaseRenderer, str]:
    asked: Any = _Asked(accept)
    renderers = [kind() for kind in kinds]
    found: tuple[BaseRenderer, str] = DefaultContentNegotiation().select_renderer(asked, renderers)
    return found
