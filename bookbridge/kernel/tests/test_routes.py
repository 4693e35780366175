"""Grouped addresses lead where they led before, in the same order of precedence."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import Resolver404, include, path
from django.urls.resolvers import RegexPattern, URLResolver

from bookbridge.kernel.routes import ADDRESSES_KEPT, absolute, by_first_word, remembered


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


def test_what_was_found_once_is_found_again_with_a_dict_of_its_own() -> None:
    plain = URLResolver(RegexPattern(r"^"), [path("v1/", include(PLAIN))])
    kept = URLResolver(RegexPattern(r"^"), [remembered("v1/", PLAIN)])
    for _time in range(2):
        found, wanted = kept.resolve("v1/books/other/"), plain.resolve("v1/books/other/")
        for what in ("func", "kwargs", "url_name", "route", "captured_kwargs", "extra_kwargs"):
            assert getattr(found, what) == getattr(wanted, what)
        found.kwargs["name"] = "changed"
    with pytest.raises(Resolver404):
        kept.resolve("v1/nothing/")
    long = "v1/books/" + "x" * 200 + "/"
    assert kept.resolve(long).kwargs["name"] == "x" * 200


def test_the_memory_of_addresses_is_bounded() -> None:
    (group,) = [remembered("v1/", PLAIN)]
    for number in range(ADDRESSES_KEPT + 10):
        group.resolve(f"v1/books/b{number}/")
    assert group._found.cache_info().currsize == ADDRESSES_KEPT


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/a/b-c_d.e~/",
        "/a/?b=c&d=%20e+f",
        "/livros/ção/?q=é",
        "/a b/",
        "/a/?q=<x>\"'",
        "/a%2Fb/",
    ],
)
@pytest.mark.parametrize("more", [{}, {"secure": True}, {"HTTP_HOST": "testserver:8123"}])
def test_absolute_addresses_are_those_of_the_framework(address: str, more: Any) -> None:
    request = RequestFactory().get("/", **more)
    assert absolute(request, address) == request.build_absolute_uri(address)


def test_a_host_that_is_not_ours_gets_no_address(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["books.example"]
    with pytest.raises(DisallowedHost):
        absolute(RequestFactory().get("/", HTTP_HOST="evil.example"), "/")
