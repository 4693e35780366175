"""Requests of pages of other origins. Most requests are none, and are passed on with one look."""

from __future__ import annotations

from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest

from bookbridge.kernel.headers import vary
from bookbridge.kernel.pages import API


class Cors(CorsMiddleware):
    """The rules of django-cors-headers, for whoever names an origin."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        """Answer `request`; where there is an origin, tell it what its pages may read."""
        if "HTTP_ORIGIN" in request.META or not request.path_info.startswith(API):
            return super().__call__(request)
        response = self.get_response(request)
        vary(response, "origin")
        return response
