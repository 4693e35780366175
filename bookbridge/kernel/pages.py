"""What pages need and the API does not: sessions in cookies, their users, forms, messages.

The API knows its readers by tokens and reads no cookie, so that these layers would do work for
nothing in each of its requests.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

API = "/api/v1/"


class _OfPages:
    """Lets requests of the API pass."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessions(_OfPages, SessionMiddleware):
    """Sessions of the admin."""


class PageForms(_OfPages, CsrfViewMiddleware):
    """Forms that only our own pages can send."""

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        """Look at what a page's view is sent."""
        if request.path_info.startswith(API):
            return None
        return super().process_view(request, *view)


class PageUsers(_OfPages, AuthenticationMiddleware):
    """Who is signed in to the admin."""


class PageMessages(_OfPages, MessageMiddleware):
    """What a page says after an act."""
