"""The language of a request to the API."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from bookbridge.kernel import languages
from bookbridge.kernel.languages import LanguageMiddleware


def answered(path: str = "/api/v1/clubs/", **headers: str) -> HttpResponse:
    request = RequestFactory().get(path, **headers)
    middleware = LanguageMiddleware(lambda _request: HttpResponse(translation.get_language()))
    with translation.override(None):
        return middleware(request)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.5", "pt-br"),
        ("pt", "pt-br"),
        ("xx, en;q=0.1", "en"),
        ("", "en"),
        ("*", "en"),
        (",;q=,", "en"),
        ("pt-BR" + ",xx" * 100, "pt-br"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/clubs/", "/admin/"])
def test_the_header_decides(path, header, language):
    answer = answered(path, HTTP_ACCEPT_LANGUAGE=header)
    assert answer.content.decode() == language
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]


def test_a_cookie_decides_for_pages_alone():
    cookie = {"HTTP_COOKIE": "django_language=pt-br"}
    assert answered(**cookie)["Content-Language"] == "en"
    assert answered("/admin/", **cookie)["Content-Language"] == "pt-br"


def test_headers_that_are_too_long_are_not_kept():
    languages._preferred.cache_clear()
    answered(HTTP_ACCEPT_LANGUAGE="pt-BR" + ",xx" * 100)
    assert languages._preferred.cache_info().currsize == 0
    answered(HTTP_ACCEPT_LANGUAGE="pt-BR")
    assert languages._preferred.cache_info().currsize == 1


def test_what_a_view_says_of_its_language_stays():
    said = HttpResponse(headers={"Content-Language": "de", "Vary": "Accept-Language, Cookie"})
    request = RequestFactory().get("/api/v1/clubs/")
    answer = LanguageMiddleware(lambda _request: said)(request)
    assert (answer["Content-Language"], answer["Vary"]) == ("de", "Accept-Language, Cookie")
