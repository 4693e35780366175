"""Query parameters: types, defaults, and everything that is refused."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import path
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from bookbridge.kernel import query as kernel_query
from bookbridge.kernel.query import (
    InvalidQuery,
    ItemQuery,
    ListQuery,
    NoQuery,
    Query,
    SearchableListQuery,
)
from bookbridge.kernel.serializers import Choice, Day, Flag, Number, Text, Whole


class ReviewQuery(SearchableListQuery):
    status = Choice(["open", "closed"], required=False)
    ordering = Choice(["-created_at", "created_at"], required=False, default="-created_at")
    book = Whole(required=False, min_value=1)
    mine = Flag(required=False)
    since = Day(required=False)
    least = Number(required=False, step=0.5)
    note = Text(required=False, allow_blank=True)


class PlaceQuery(Query):
    name = Text()

    def validate(self, attrs: Any) -> Any:
        if attrs["name"] == "bad":
            raise ValidationError("Bad.", "bad")
        return attrs


def read(text: str, query: type[Query] = ReviewQuery) -> dict[str, Any]:
    return query.read(Request(RequestFactory().get(f"/?{text}")))


def refused(text: str, query: type[Query] = ReviewQuery) -> Any:
    with pytest.raises(InvalidQuery) as caught:
        read(text, query)
    return caught.value.get_codes()


def test_what_is_absent_has_its_default_or_is_absent() -> None:
    assert read("") == {"page_size": 20, "ordering": "-created_at"}
    assert read("", ListQuery) == {"page_size": 20}
    assert read("", ItemQuery) == {}
    assert read("", NoQuery) == {}


def test_values_have_their_types() -> None:
    assert read(
        "status=open&ordering=created_at&book=7&mine=true&since=2026-01-31&least=4.5"
        "&note=&search=%20S%C3%A3o%20&page_size=100&cursor=a.b&fields=id,name,id"
    ) == {
        "status": "open",
        "ordering": "created_at",
        "book": 7,
        "mine": True,
        "since": date(2026, 1, 31),
        "least": 4.5,
        "note": "",
        "search": "São",
        "page_size": 100,
        "cursor": "a.b",
        "fields": ["id", "name"],
    }
    assert read("mine=false")["mine"] is False


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("colour=red", {"colour": ["unknown_parameter"]}),
        ("Status=open", {"Status": ["unknown_parameter"]}),
        ("book=1&book=1", {"book": ["repeated_parameter"]}),
        ("book=", {"book": ["blank"]}),
        ("search=", {"search": ["blank"]}),
        ("search=%20", {"search": ["blank"]}),
        ("search=" + "a" * 201, {"search": ["max_length"]}),
        ("search=%00", {"search": ["control_characters"]}),
        ("book=0", {"book": ["min_value"]}),
        ("book=1.0", {"book": ["invalid"]}),
        ("book=%2B1", {"book": ["invalid"]}),
        ("book=%201", {"book": ["invalid"]}),
        ("book=1_0", {"book": ["invalid"]}),
        ("book=%D9%A5", {"book": ["invalid"]}),
        ("book=9007199254740992", {"book": ["max_value"]}),
        ("book=" + "9" * 5000, {"book": ["invalid"]}),
        ("page_size=0", {"page_size": ["min_value"]}),
        ("page_size=101", {"page_size": ["max_value"]}),
        ("mine=1", {"mine": ["invalid"]}),
        ("mine=True", {"mine": ["invalid"]}),
        ("status=Open", {"status": ["invalid_choice"]}),
        ("since=2026-02-30", {"since": ["invalid"]}),
        ("since=2026-2-3", {"since": ["invalid"]}),
        ("least=4.3", {"least": ["step"]}),
        ("least=nan", {"least": ["invalid"]}),
        ("least=1e5", {"least": ["invalid"]}),
        ("fields=", {"fields": ["blank"]}),
        ("fields=id,,name", {"fields": ["invalid_format"]}),
        ("fields=id,%20name", {"fields": ["invalid_format"]}),
        (
            "x=1&book=a&mine=2",
            {"x": ["unknown_parameter"], "book": ["invalid"], "mine": ["invalid"]},
        ),
    ],
)
def test_faults_are_named_all_at_once(text: str, codes: dict[str, list[str]]) -> None:
    assert refused(text) == codes


def test_a_fault_of_the_whole_and_a_missing_parameter_are_refused() -> None:
    assert refused("", PlaceQuery) == {"name": ["required"]}
    assert refused("name=bad", PlaceQuery) == {"non_field_errors": ["bad"]}
    assert refused("name=bad&x=1", PlaceQuery) == {
        "non_field_errors": ["bad"],
        "x": ["unknown_parameter"],
    }


@given(st.dictionaries(st.sampled_from(list(ReviewQuery().fields)), st.text()))
def test_any_text_is_read_or_refused(parameters: dict[str, str]) -> None:
    with contextlib.suppress(InvalidQuery):
        ReviewQuery.read(Request(RequestFactory().get("/", parameters)))


class Described(AutoSchema):
    def get_override_parameters(self) -> Any:
        return [ReviewQuery]

    def get_response_serializers(self) -> Any:
        return None


class View(APIView):
    schema = Described()

    def get(self, request: Request) -> None: ...


def test_the_schema_tells_the_parameters() -> None:
    schema = SchemaGenerator(patterns=[path("things/", View.as_view())]).get_schema(public=True)
    found = {
        parameter["name"]: parameter
        for parameter in schema["paths"]["/things/"]["get"]["parameters"]
    }

    assert set(found) == set(ReviewQuery().fields)
    assert not any(parameter.get("required") for parameter in found.values())
    assert found["page_size"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 20,
    }
    assert found["page_size"]["description"]
    assert found["search"]["schema"]["maxLength"] == 200
    assert found["search"]["schema"]["minLength"] == 1
    assert found["mine"]["schema"] == {"type": "boolean"}
    assert found["since"]["schema"] == {"type": "string", "format": "date"}
    assert found["least"]["schema"] == {"type": "number", "multipleOf": 0.5}
    assert found["ordering"]["schema"]["default"] == "-created_at"
    assert found["status"]["schema"]["enum"] == ["open", "closed"]


def test_what_an_address_says_is_remembered_and_nobody_can_change_it() -> None:
    first = read("page_size=7&search=caf%C3%A9")
    first["page_size"] = 99
    before = kernel_query._values.cache_info().hits
    second = read("page_size=7&search=caf%C3%A9")
    assert kernel_query._values.cache_info().hits == before + 1
    assert (second["page_size"], second["search"]) == (7, "café")


def test_what_is_refused_is_refused_each_time_in_the_language_of_the_request() -> None:
    said = set()
    for language in ("en", "pt-br", "en"):
        with translation.override(language), pytest.raises(InvalidQuery) as caught:
            read("page_size=0")
        said.add(str(caught.value.detail["page_size"][0]))
    assert len(said) == 2


@pytest.mark.parametrize("text", ["x" * 190, "x" * 200])
def test_long_addresses_are_read_like_short_ones(text: str) -> None:
    assert read(f"search={text}")["search"] == text


def test_an_address_in_the_encoding_that_the_request_names() -> None:
    charset = {"CONTENT_TYPE": "text/plain; charset=iso-8859-1"}
    request = Request(RequestFactory().get("/?search=caf%E9", **charset))
    assert ReviewQuery.read(request)["search"] == "café"
