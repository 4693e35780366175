"""Views that raise whatever a test asks for: as a view of the API, and as a plain view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookbridge.kernel.parsing import MergePatchParser, StrictJSONParser
from bookbridge.kernel.query import SearchableListQuery
from bookbridge.kernel.serializers import InputSerializer, ListOf, Text, Whole

#: What the views raise, set by a test for the time of one request.
waiting: list[Callable[[], BaseException]] = []

handler400 = "bookbridge.kernel.problems.handler400"
handler403 = "bookbridge.kernel.problems.handler403"
handler404 = "bookbridge.kernel.problems.handler404"
handler500 = "bookbridge.kernel.problems.handler500"


class OpenView(APIView):
    """A view for everybody."""

    authentication_classes: Any = ()
    permission_classes: Any = ()


class Raising(OpenView):
    def get(self, request: Request) -> Response:
        raise waiting.pop()()


class Author(InputSerializer):
    name = Text(max_length=10)


class Book(InputSerializer):
    title = Text(max_length=10)
    pages = Whole(required=False, min_value=1)
    tags = ListOf(Text(max_length=5), required=False)
    authors = Author(many=True, required=False)


class Echo(OpenView):
    """Gives back what was read."""

    def get_parsers(self) -> list[BaseParser]:
        return [StrictJSONParser(), MergePatchParser()]

    def get(self, request: Request) -> Response:
        return Response(SearchableListQuery.read(request))

    def post(self, request: Request) -> Response:
        return Response(request.data)

    def put(self, request: Request) -> Response:
        return Response(Book.read(request.data))

    def patch(self, request: Request) -> Response:
        return Response(Book.read(request.data, partial=True))


def plain(request: HttpRequest) -> HttpResponse:
    raise waiting.pop()()


def page(request: HttpRequest, status: int) -> HttpResponse:
    response = HttpResponse("<h1>Error</h1>", status=status)
    response["Retry-After"] = "7"
    return response


def only_post(request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["POST"])


def fields(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.GET)))


urlpatterns = [
    path("api/v1/raise/", Raising.as_view()),
    path("api/v1/auth/raise/", Raising.as_view()),
    path("api/v1/echo/", Echo.as_view()),
    path("api/v1/fields/", fields),
    path("plain/", plain),
    path("page/<int:status>/", page),
    path("only-post/", only_post),
    path("admin/plain/", plain),
    path("admin/", admin.site.urls),
]
