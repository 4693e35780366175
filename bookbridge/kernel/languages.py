"""The language of a request. The API asks `Accept-Language` alone; pages also ask a cookie."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from bookbridge.kernel.headers import put_one, vary
from bookbridge.kernel.pages import API

#: Clients of one kind send one header; longer ones than people have are read each time.
HEADERS_KEPT, LONGEST_KEPT = 256, 200


class _Asked:
    """As much of a request as Django looks at."""

    def __init__(self, header: str) -> None:
        self.META = {"HTTP_ACCEPT_LANGUAGE": header}
        self.COOKIES: dict[str, str] = {}


class LanguageMiddleware(LocaleMiddleware):
    """Django's own rules for pages; for the API what they say of each header is remembered."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        """Answer in the language that the client prefers of those there are."""
        if not request.path_info.startswith(API):
            return super().__call__(request)
        header = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        known = _preferred if len(header) <= LONGEST_KEPT else _preferred.__wrapped__
        language = known(header)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        if "Content-Language" not in response.headers:
            put_one(response, "Content-Language", language)
        vary(response, "Accept-Language")
        return response


@lru_cache(maxsize=HEADERS_KEPT)
def _preferred(header: str) -> str:
    asked: Any = _Asked(header)
    return translation.get_language_from_request(asked)
