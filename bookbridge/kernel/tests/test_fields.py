"""Strict fields: what each takes and refuses, and that its schema says the same."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from bookbridge.kernel.fields import LARGEST_WHOLE
from bookbridge.kernel.serializers import (
    Choice,
    Day,
    EmailText,
    Flag,
    InputSerializer,
    LanguageTag,
    ListOf,
    Number,
    OutputSerializer,
    Slug,
    Text,
    TimeZone,
    UrlText,
    Whole,
)

#: One value of each JSON type; a field must refuse all that are not its own.
JSON_TYPES = ["a", "5", "", 0, 1, 5, 4.5, True, False, [], [1], {}, {"a": 1}]


def taken(field: serializers.Field, value: Any) -> Any:
    return field.run_validation(value)


def refused(field: serializers.Field, value: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        field.run_validation(value)
    return caught.value.get_codes()


@pytest.mark.parametrize(
    ("field", "types"),
    [
        (Text(allow_blank=True), (str,)),
        (Whole(), (int,)),
        (Number(), (int, float)),
        (Flag(), (bool,)),
        (Choice(["a", "5"], allow_blank=True), (str,)),
        (ListOf(Whole()), (list,)),
    ],
)
def test_a_field_takes_no_type_but_its_own(field: serializers.Field, types: Any) -> None:
    for value in JSON_TYPES:
        if type(value) in types:
            assert taken(field, value) == value
        else:
            assert refused(field, value) in (["invalid"], ["not_a_list"]), value
    assert refused(field, None) == ["null"]


@pytest.mark.parametrize(
    "field", [EmailText(), UrlText(), Slug(), LanguageTag(), TimeZone(), Day(), Text()]
)
def test_texts_of_a_form_take_only_texts(field: serializers.Field) -> None:
    for value in JSON_TYPES:
        if not isinstance(value, str):
            assert refused(field, value) == ["invalid"], value


@pytest.mark.parametrize(
    ("field", "given_value", "value"),
    [
        (Text(), " São Paulo\t", "São Paulo"),
        (Text(), "one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
        (Text(trim_whitespace=False), " a ", " a "),
        (Text(trim_whitespace=False), " ", " "),
        (Text(allow_blank=True), "  ", ""),
        (Text(allow_null=True), None, None),
        (Text(max_length=2), "読書", "読書"),
        (Text(max_length=1), "😀", "😀"),
        (Text(min_length=2), "ab", "ab"),
        (Text(min_length=2, allow_blank=True), "", ""),
        (Text(pattern="[a-z]+"), "abc", "abc"),
        (EmailText(), "Ana.Souza+x@Example.ORG", "ana.souza+x@example.org"),
        (EmailText(allow_blank=True), "", ""),
        (UrlText(), "https://covers.example.org:8080/a%20b.jpg?x=1#y", None),
        (UrlText(), "http://localhost", None),
        (UrlText(allow_blank=True), "", ""),
        (Slug(), "clube-da-leitura-2", None),
        (LanguageTag(), "pt-BR", "pt-br"),
        (LanguageTag(), "zh-Hant-TW", "zh-hant-tw"),
        (TimeZone(), "America/Sao_Paulo", None),
        (TimeZone(), "UTC", None),
        (Whole(), -3, -3),
        (Whole(), LARGEST_WHOLE, LARGEST_WHOLE),
        (Number(step=0.5, min_value=0.5, max_value=5), 4, 4.0),
        (Number(step=0.5, min_value=0.5, max_value=5), 4.5, 4.5),
        (Number(step=0.1), 0.3, 0.3),
        (Day(), "2026-02-28", date(2026, 2, 28)),
        (Choice([("open", "Open"), ("closed", "Closed")]), "open", "open"),
        (ListOf(Text(max_length=3), max_length=2), ["a", " b "], ["a", "b"]),
    ],
)
def test_good_values_are_taken(field: serializers.Field, given_value: Any, value: Any) -> None:
    expected = given_value if value is None and given_value is not None else value

    assert taken(field, given_value) == expected


@pytest.mark.parametrize(
    ("field", "value", "codes"),
    [
        (Text(), "", ["blank"]),
        (Text(), " \n", ["blank"]),
        (Text(), "a\x00b", ["control_characters"]),
        (Text(), "\x1f", ["control_characters"]),
        (Text(), "a\x1bb", ["control_characters"]),
        (Text(), "a\x7f", ["control_characters"]),
        (Text(), "a\x85", ["control_characters"]),
        (Text(), "a\ud800", ["control_characters"]),
        (Text(single_line=True), "a\nb", ["control_characters"]),
        (Text(single_line=True), "a\tb", ["control_characters"]),
        (Text(single_line=True), "a\u2028b", ["control_characters"]),
        (Text(max_length=2), "abc", ["max_length"]),
        (Text(max_length=2), "a  ", ["max_length"]),
        (Text(min_length=2), " a ", ["min_length"]),
        (Text(pattern="[a-z]+"), "abc1", ["invalid_format"]),
        (Text(pattern="[a-z]+", trim_whitespace=False), "abc\n", ["invalid_format"]),
        (EmailText(), "ana", ["invalid_email"]),
        (EmailText(), "a" * 250 + "@b.org", ["max_length"]),
        (EmailText(), "a@b.org\nBcc: c@d.org", ["control_characters"]),
        (UrlText(), "ftp://example.org/", ["invalid_format"]),
        (UrlText(), "javascript:alert(1)", ["invalid_format"]),
        (UrlText(), "https://user:pw@example.org/", ["invalid_format"]),
        (UrlText(), "https://exa mple.org/", ["invalid_format"]),
        (UrlText(), "https://", ["invalid_format"]),
        (UrlText(), "https://example.org/" + "a" * 500, ["max_length"]),
        (Slug(), "Clube", ["invalid_format"]),
        (Slug(), "a--b", ["invalid_format"]),
        (LanguageTag(), "portuguese", ["invalid_format"]),
        (LanguageTag(), "pt_BR", ["invalid_format"]),
        (TimeZone(), "America/Atlantis", ["unknown_time_zone"]),
        (TimeZone(), "../etc/passwd", ["invalid_format"]),
        (TimeZone(), "localtime", ["unknown_time_zone"]),
        (Whole(), LARGEST_WHOLE + 1, ["max_value"]),
        (Whole(), -(10**300), ["min_value"]),
        (Whole(min_value=1), 0, ["min_value"]),
        (Number(step=0.5), 4.3, ["step"]),
        (Number(step=0.5), 4.499999999, ["step"]),
        (Number(step=0.5), 1e300, ["step"]),
        (Number(max_value=5), 5.5, ["max_value"]),
        (Number(), 10**400, ["overflow"]),
        (Number(), float("nan"), ["invalid"]),
        (Day(), "2026-02-30", ["invalid"]),
        (Day(), "2026-2-3", ["invalid"]),
        (Day(), "20260203", ["invalid"]),
        (Day(), "2026-02-03T00:00:00Z", ["invalid"]),
        (Day(), "0000-01-01", ["invalid"]),
        (Choice(["open"]), "Open", ["invalid_choice"]),
        (Choice(["open"]), "", ["invalid_choice"]),
        (ListOf(Whole(), max_length=2), [1, 2, 3], ["max_length"]),
        (ListOf(Whole(), max_length=2), "12", ["not_a_list"]),
        (ListOf(Whole(), allow_empty=False), [], ["empty"]),
        (ListOf(Whole()), [1, "2", None], {1: ["invalid"], 2: ["null"]}),
    ],
)
def test_bad_values_are_refused(field: serializers.Field, value: Any, codes: Any) -> None:
    assert refused(field, value) == codes


class ReaderShape(OutputSerializer):
    id = serializers.IntegerField()


class EveryField(InputSerializer):
    name = Text(max_length=10)
    secret = Text(min_length=8, max_length=20, trim_whitespace=False)
    bio = Text(max_length=10, allow_blank=True, required=False)
    title = Text(min_length=3, single_line=True)
    note = Text(min_length=3, allow_blank=True, allow_null=True)
    slug = Slug()
    url = UrlText(allow_blank=True)
    email = EmailText()
    contact = EmailText(allow_blank=True)
    language = LanguageTag()
    age = Whole(min_value=1, max_value=150)
    rating = Number(step=0.5, min_value=0.5, max_value=5)
    flag = Flag()
    day = Day(allow_null=True)
    status = Choice(["open", "closed"])
    tags = ListOf(Text(max_length=5), max_length=3)


class Described(AutoSchema):
    def get_request_serializer(self) -> Any:
        return EveryField

    def get_response_serializers(self) -> Any:
        return ReaderShape


class View(APIView):
    schema = Described()

    def post(self, request: Request) -> None: ...


def request_schema() -> dict[str, Any]:
    schema = SchemaGenerator(patterns=[path("things/", View.as_view())]).get_schema(public=True)
    (component,) = [
        found
        for name, found in schema["components"]["schemas"].items()
        if name.startswith("EveryField")
    ]
    properties: dict[str, Any] = component["properties"]
    return properties


def test_the_schema_tells_what_the_fields_take() -> None:
    schema = request_schema()

    assert schema["name"].items() >= {"type": "string", "minLength": 1, "maxLength": 10}.items()
    assert schema["bio"].items() >= {"type": "string", "maxLength": 10}.items()
    assert "minLength" not in schema["bio"]
    assert schema["note"]["type"] == ["string", "null"]
    assert schema["slug"]["pattern"] == "^(?:[a-z0-9]+(?:-[a-z0-9]+)*)$"
    assert schema["url"]["maxLength"] == 500
    assert schema["email"] == {
        "type": "string",
        "format": "email",
        "minLength": 1,
        "maxLength": 254,
    }
    assert schema["contact"]["anyOf"] == [{"format": "email", "minLength": 1}, {"maxLength": 0}]
    assert schema["age"] == {"type": "integer", "minimum": 1, "maximum": 150}
    assert schema["rating"] == {
        "type": "number",
        "multipleOf": 0.5,
        "minimum": 0.5,
        "maximum": 5,
    }
    assert schema["flag"] == {"type": "boolean"}
    assert schema["day"] == {"type": ["string", "null"], "format": "date"}
    assert "oneOf" not in str(schema)
    assert schema["tags"]["maxItems"] == 3
    assert schema["tags"]["items"]["maxLength"] == 5


SAMPLES = st.text(alphabet="aZ é\n\t\r\x00\x1f\x7f\x85\u2028-/:.1", max_size=12)


@given(SAMPLES)
def test_the_schema_of_a_text_and_the_field_agree(text: str) -> None:
    schemas = request_schema_once()
    for name in ("name", "secret", "bio", "title", "note", "slug", "url"):
        field, schema = EveryField().fields[name], schemas[name]
        fits = (
            schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**9)
            and re.search(schema["pattern"][:-1] + r"\Z", text) is not None
        )
        try:
            field.run_validation(text)
        except ValidationError:
            assert not fits, (name, text)
        else:
            # Forms are looked at after trimming, which a pattern does not express.
            assert fits or text != text.strip() or "\r" in text, (name, text)


_schema: dict[str, Any] = {}


def request_schema_once() -> dict[str, Any]:
    if not _schema:
        _schema.update(request_schema())
    return _schema
