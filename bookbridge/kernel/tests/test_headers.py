"""Headers that the program has written itself are set as Django would set them."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from bookbridge.kernel.headers import made, put, put_missing, put_one, vary


def test_headers_are_found_by_any_spelling_and_sent_in_their_own() -> None:
    response = HttpResponse()
    put(response, made({"X-One": "1", "Content-Type": "text/plain"}))
    put_one(response, "ETag", '"1.a"')
    assert response["x-one"] == "1"
    assert response["etag"] == '"1.a"'
    assert ("X-One", "1") in response.items()
    assert [name for name, _value in response.items()].count("Content-Type") == 1


def test_what_is_there_stays_where_only_missing_ones_are_set() -> None:
    response = HttpResponse(headers={"RateLimit": "own"})
    put_missing(response, made({"ratelimit": "other", "X-New": "new"}))
    assert (response["RateLimit"], response["X-New"]) == ("own", "new")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "\u00e9", "\x00"])
def test_what_could_not_be_sent_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        made({"X-One": value})


@pytest.mark.parametrize("said", [None, "Accept", "accept-language, Cookie", "*", " A ,  b"])
def test_vary_says_what_django_would_say(said: str | None) -> None:
    ours, djangos = HttpResponse(), HttpResponse()
    for response in (ours, djangos):
        if said is not None:
            response["Vary"] = said
    for names in (("Authorization", "Accept-Language"), ("origin",)):
        vary(ours, *names)
        patch_vary_headers(djangos, names)
    assert [part.strip() for part in ours["Vary"].split(",")] == [
        part.strip() for part in djangos["Vary"].split(",")
    ]
