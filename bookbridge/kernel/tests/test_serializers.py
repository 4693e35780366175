"""Bodies: every fault is named, and a PATCH holds what was sent and no more."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from bookbridge.kernel.serializers import (
    Day,
    InputSerializer,
    NoInput,
    Number,
    OutputSerializer,
    Text,
    Whole,
)


class ReaderShape(OutputSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    likes_count = serializers.IntegerField()


class Address(InputSerializer):
    city = Text(max_length=10)


class ReaderInput(InputSerializer):
    output = ReaderShape

    name = Text(max_length=10, single_line=True)
    bio = Text(max_length=100, allow_blank=True, required=False, default="")
    age = Whole(required=False, allow_null=True, min_value=1, max_value=150)
    rating = Number(required=False, step=0.5, min_value=0.5, max_value=5)
    home = Address(required=False)
    joined_on = Day(read_only=True)

    def validate_name(self, value: str) -> str:
        if value == "admin":
            raise ValidationError("No.", "reserved")
        return value

    def validate(self, attrs: Any) -> Any:
        if "name" in attrs and attrs["name"] == attrs.get("bio"):
            raise ValidationError({"bio": ["Say something else."]}, "same")
        return attrs


def faults(data: Any, **kwargs: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        ReaderInput.read(data, **kwargs)
    return caught.value.get_codes()


def test_a_good_body_gives_its_values_and_the_defaults() -> None:
    assert ReaderInput.read({"name": "Ana", "age": None, "home": {"city": "Natal"}}) == {
        "name": "Ana",
        "bio": "",
        "age": None,
        "home": {"city": "Natal"},
    }


def test_all_faults_of_a_body_are_named_together() -> None:
    assert faults(
        {
            "age": "5",
            "rating": 4.3,
            "home": {"city": 1, "country": "BR"},
            "id": 3,
            "likes_count": 1000,
            "joined_on": "2026-01-01",
            "is_staff": True,
            "": 1,
        }
    ) == {
        "name": ["required"],
        "age": ["invalid"],
        "rating": ["step"],
        "home": {"city": ["invalid"], "country": ["unknown_field"]},
        "id": ["read_only"],
        "likes_count": ["read_only"],
        "joined_on": ["read_only"],
        "is_staff": ["unknown_field"],
        "": ["unknown_field"],
    }


def test_rules_of_one_field_and_of_several_are_faults_as_well() -> None:
    assert faults({"name": "admin", "x": 1}) == {"name": ["reserved"], "x": ["unknown_field"]}
    assert faults({"name": "Ana", "bio": "Ana"}) == {"bio": ["same"]}


def test_a_patch_holds_what_was_sent_and_no_more() -> None:
    assert ReaderInput.read({}, partial=True) == {}
    assert ReaderInput.read({"age": None}, partial=True) == {"age": None}
    assert faults({"name": None, "id": 1}, partial=True) == {"name": ["null"], "id": ["read_only"]}
    assert faults({"home": {}, "nick": "x"}, partial=True) == {"nick": ["unknown_field"]}


@pytest.mark.parametrize("data", [[], "a", 1, True])
def test_what_is_no_object_is_refused(data: Any) -> None:
    assert faults(data) == {"non_field_errors": ["invalid"]}
    assert faults({"name": "Ana", "home": data}) == {"home": {"non_field_errors": ["invalid"]}}


def test_null_is_no_body() -> None:
    ordinary = ReaderInput(data=None)
    assert not ordinary.is_valid()
    assert faults(None) == {"non_field_errors": ["null"]}
    with pytest.raises(ValidationError) as caught:
        ReaderInput.read(None)
    assert caught.value.detail == ordinary.errors


def test_faults_are_told_in_the_language_of_each_reader() -> None:
    said = {}
    for language in ("en", "pt-br", "en"):
        with override(language), pytest.raises(ValidationError) as caught:
            ReaderInput.read({"name": "Ana", "age": 151, "bio": 5})
        detail = {name: list(map(str, each)) for name, each in caught.value.detail.items()}
        assert said.setdefault(language, detail) == detail
    assert said["en"]["age"] != said["pt-br"]["age"]
    assert said["en"]["bio"] != said["pt-br"]["bio"]


def test_bodies_read_at_once_do_not_meet() -> None:
    """All are read by one instance: nothing of one may be found in another."""

    def read(number: int) -> Any:
        body = {"name": f"r{number}", "home": {"city": f"c{number}"}}
        if number % 3 == 0:
            return faults(body | {"age": -number - 1, f"x{number}": 1})
        if number % 3 == 1:
            return ReaderInput.read({"bio": f"b{number}"}, partial=True)
        return ReaderInput.read(body)

    def expected(number: int) -> Any:
        if number % 3 == 0:
            return {"age": ["min_value"], f"x{number}": ["unknown_field"]}
        if number % 3 == 1:
            return {"bio": f"b{number}"}
        return {"name": f"r{number}", "bio": "", "home": {"city": f"c{number}"}}

    with ThreadPoolExecutor(8) as readers:
        found = list(readers.map(read, range(600)))
    assert found == [expected(number) for number in range(600)]


def test_an_operation_without_a_body_takes_an_empty_one() -> None:
    assert NoInput.read({}) == {}
    with pytest.raises(ValidationError):
        NoInput.read({"a": 1})


def test_an_output_reads_nothing() -> None:
    with pytest.raises(TypeError):
        ReaderShape().run_validation({"id": 1})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(list(ReaderInput().fields)) | st.text(max_size=3), JSON_VALUES, max_size=6
    )
)
def test_any_object_is_read_or_refused(data: dict[str, Any]) -> None:
    with contextlib.suppress(ValidationError):
        ReaderInput.read(data)
