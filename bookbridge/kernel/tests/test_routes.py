"""Grouped addresses lead where they led before, in the same order of precedence."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.urls.resolvers import RegexPattern, URLResolver

from bookbridge.kernel.routes import by_first_word


def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


PLAIN = [
    path("books/", view, name="books"),
    path("", include([path("clubs/", view, name="clubs"), path("books/mine/", view, name="own")])),
    path("books/<slug:name>/", view, {"extra": 1}, name="book"),
    path("books/<slug:name>/chart.svg", view, name="chart"),
]


@pytest.mark.parametrize(
    "address", ["books/", "clubs/", "books/mine/", "books/other/", "books/other/chart.svg"]
)
def test_every_address_leads_where_it_led(address: str) -> None:
    plain = URLResolver(RegexPattern(r"^"), PLAIN).resolve(address)
    grouped = URLResolver(RegexPattern(r"^"), by_first_word(PLAIN)).resolve(address)
    for what in ("func", "kwargs", "url_name", "route", "captured_kwargs", "extra_kwargs"):
        assert getattr(plain, what) == getattr(grouped, what)


@pytest.mark.parametrize(
    "wrong", [path("<slug:name>/", view), path("plain", view), path("a/", include([]))]
)
def test_what_has_no_first_word_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="word|below"):
        by_first_word([wrong])
