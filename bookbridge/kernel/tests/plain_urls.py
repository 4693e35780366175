"""Plain views for the tests of middleware: a secret path, a page, a crash, the service routes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bookbridge.kernel.health import livez, readyz

handler404 = "bookbridge.kernel.problems.handler404"
handler500 = "bookbridge.kernel.problems.handler500"


def secret(request: HttpRequest, token: str) -> HttpResponse:
    request.reader_id = 42  # type: ignore[attr-defined]
    return HttpResponse("fine")


def crash(request: HttpRequest, token: str) -> HttpResponse:
    raise RuntimeError(f"password=hunter2 for ana@example.org with Bearer abc.def at {token}")


def own_policy(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("fine")
    response.csp = {"default-src": ["'self'"]}  # type: ignore[attr-defined]
    return response


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>fine</p>")


urlpatterns = [
    path("api/v1/secret/<str:token>/", secret),
    path("api/v1/crash/<str:token>/", crash),
    path("api/v1/own/", own_policy),
    path("api/docs/", page),
    path("admin/", page),
    path("livez", livez),
    path("readyz", readyz),
]
