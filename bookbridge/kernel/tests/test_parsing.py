"""Bodies: what is read, what is refused, and that refusing is cheap."""

from __future__ import annotations

import contextlib
import io
import json
import time
from typing import Any

import pytest
from django.http.request import UnreadablePostError
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from bookbridge.kernel.parsing import (
    MAX_BODY_BYTES,
    MAX_DEPTH,
    MAX_NAMES,
    MAX_VALUES,
    BodyUnreadable,
    StrictJSONParser,
    read_body,
    read_object,
    refuse_charset,
)
from bookbridge.kernel.rendering import JSONRenderer, to_json

MEBIBYTE = 1024 * 1024


def code_of(body: bytes) -> Any:
    with pytest.raises(ParseError) as caught:
        read_object(body)
    return caught.value.get_codes()


def nested(depth: int) -> bytes:
    """An object in which values are nested to `depth`, the object itself included."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", {}),
        (b"{}", {}),
        (
            b' {"a" : [1, 2.5, -3, true, false, null, "x"]} ',
            {"a": [1, 2.5, -3, True, False, None, "x"]},
        ),
        ('{"título": "São João 読書会 😀"}'.encode(), {"título": "São João 読書会 😀"}),
        (b'{"a": "\\ud83d\\ude00 \\u00e9"}', {"a": "😀 é"}),
        (b'{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
        (b'{"a": "[[[[{{{{ \\" ]"}', {"a": '[[[[{{{{ " ]'}),
        (nested(MAX_DEPTH), None),
    ],
)
def test_well_formed_objects_are_read(body: bytes, value: Any) -> None:
    found = read_object(body)

    assert value is None or found == value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b" ", "malformed_json"),
        (b"{", "malformed_json"),
        (b'{"a"}', "malformed_json"),
        (b"{'a': 1}", "malformed_json"),
        (b'{"a": 1,}', "malformed_json"),
        (b'{"a": 01}', "malformed_json"),
        (b'{"a": NaN}', "malformed_json"),
        (b'{"a": -Infinity}', "malformed_json"),
        (b'{"a": 1} {}', "malformed_json"),
        (b'{"a": "\n"}', "malformed_json"),
        (b'{"a": "\x00"}', "malformed_json"),
        (b'{"a": "\\', "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b'{"a": "\xe9"}', "not_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"a"', "not_an_object"),
        (b"1", "not_an_object"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_key"),
        (b'{"b": [{"a": 1, "a": 2}]}', "duplicate_key"),
        (b'{"a": 1e999}', "number_out_of_range"),
        (b'{"a": -1e999}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 401 + b"}", "number_out_of_range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"a": "\\u0000"}', "invalid_text"),
        (b'{"a": "\\ud800"}', "invalid_text"),
        (b'{"a": "\\ude00\\ud83d"}', "invalid_text"),
        (b'{"a": [{"b\\u0000": 1}]}', "invalid_text"),
        (b'{"\\udfff": 1}', "invalid_text"),
        (nested(MAX_DEPTH + 1), "too_deep"),
        (b"[" * (MAX_DEPTH + 1), "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (json.dumps({str(n): n for n in range(MAX_NAMES + 1)}).encode(), "too_many_values"),
        (json.dumps({"a": [{"b": 1}] * MAX_NAMES}).encode(), "too_many_values"),
        (json.dumps({"a": [0] * (MAX_VALUES + 1)}).encode(), "too_many_values"),
    ],
)
def test_everything_else_is_refused_with_its_own_code(body: bytes, code: str) -> None:
    assert code_of(body) == code


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON_VALUES.map(lambda value: json.dumps(value).encode()))
@example(b'{"a": Infinity}')
def test_any_json_is_read_as_an_object_or_refused(body: bytes) -> None:
    try:
        found = read_object(body)
    except ParseError:
        return
    assert isinstance(found, dict)
    assert json.loads(body) == found
    to_json(found).decode("utf-8")


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]":,\\u0da8f1e-+. \n', max_size=200).map(str.encode)
)
def test_any_bytes_are_read_as_an_object_or_refused(body: bytes) -> None:
    try:
        found = read_object(body)
    except ParseError:
        return
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MEBIBYTE,
        b'{"a":' * (MEBIBYTE // 5),
        b'{"a":[' + b"[]," * (MEBIBYTE // 3),
        b'{"a":[' + b"1," * (MEBIBYTE // 2),
        b'{"a":"' + b'\\"' * (MEBIBYTE // 2),
        b'""' * (MEBIBYTE // 2),
        b'"a' * (MEBIBYTE // 2),
        b'{"a":"' + b"\\u00e9" * (MEBIBYTE // 6) + b'"}',
        b'{"a":' + b"9" * MEBIBYTE + b"}",
        b'{"a":0.' + b"9" * MEBIBYTE + b"}",
        b" " * MEBIBYTE,
        b"\\" * MEBIBYTE,
    ],
)
def test_a_hostile_mebibyte_costs_little(body: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(ParseError):
        read_object(body)
    assert time.process_time() - started < 0.5  # some 0.05 here; a slow machine may be slower


def test_a_body_above_the_limit_is_not_read_further(settings: Any) -> None:
    settings.MAX_BODY_BYTES = 10
    stream = io.BytesIO(b"x" * 1000)

    with pytest.raises(ParseError) as caught:
        read_body(stream)

    assert caught.value.status_code == 413
    assert caught.value.get_codes() == "body_too_large"
    assert stream.tell() == 11
    assert read_body(io.BytesIO(b"x" * 10)) == b"x" * 10


def test_a_client_that_goes_away_is_no_fault_of_ours() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise UnreadablePostError("gone")

    with pytest.raises(BodyUnreadable):
        StrictJSONParser().parse(Broken(), "application/json", {})


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', "; charset=utf8"])
def test_utf8_is_the_charset(charset: str) -> None:
    refuse_charset(f"application/json{charset}")


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "utf-7", "x" * 500])
def test_another_charset_is_415(charset: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        refuse_charset(f"application/json; charset={charset}")
    assert caught.value.get_codes() == "unsupported_charset"


@pytest.mark.urls("bookbridge.kernel.tests.error_urls")
class TestThroughAView:
    def send(self, method: str, body: bytes, content_type: str = "application/json") -> Any:
        client = Client(raise_request_exception=False)
        return client.generic(method, "/api/v1/echo/", body, content_type=content_type)

    def test_a_post_without_a_body_reads_an_empty_object(self) -> None:
        assert self.send("POST", b"").json() == {}

    def test_a_body_too_large_is_413(self, settings: Any) -> None:
        limit = settings.MAX_BODY_BYTES
        assert limit == MAX_BODY_BYTES
        whole = b'{"a": "' + b"x" * (limit - 9) + b'"}'
        assert self.send("POST", whole).status_code == 200

        response = self.send("POST", whole + b" ")
        assert response.status_code == 413
        assert response.json()["code"] == "body_too_large"

    def test_a_malformed_body_is_400(self) -> None:
        response = self.send("POST", b"{")
        assert response.status_code == 400
        assert response.json()["code"] == "malformed_json"

    def test_another_charset_is_415(self) -> None:
        response = self.send("POST", b"{}", "application/json; charset=latin-1")
        assert response.status_code == 415
        assert response.json()["code"] == "unsupported_charset"

    def test_a_merge_patch_is_for_patch_alone(self) -> None:
        patch = "application/merge-patch+json"
        assert self.send("PATCH", b'{"pages": 3}', patch).json() == {"pages": 3}
        response = self.send("POST", b"{}", patch)
        assert response.status_code == 415
        assert response.json()["code"] == "unsupported_media_type"


def test_answers_are_compact_utf8() -> None:
    renderer = JSONRenderer()

    assert renderer.render({"a": "é", "b": [1.5, None]}) == '{"a":"é","b":[1.5,null]}'.encode()
    assert renderer.render(None) == b""
    assert renderer.render("\ud800") == b'"?"'
