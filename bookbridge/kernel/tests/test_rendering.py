"""JSON of what is answered once, and of what is answered many times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bookbridge.kernel import rendering
from bookbridge.kernel.rendering import Encoded, JSONRenderer, to_json


def test_encoded_data_is_written_as_any_other_and_encoded_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = {"a": [1, 2.5, "é", None], "b": "\ud800"}
    found, plain = Encoded(data), to_json(data)
    assert to_json(found) == plain
    assert json.loads(plain)["a"] == data["a"]

    def encode(data: Any) -> str:
        raise AssertionError("encoded again")

    monkeypatch.setattr(rendering._ENCODER, "encode", encode)
    assert JSONRenderer().render(found) is to_json(found)


def test_encoded_nothing_is_null_and_no_empty_body() -> None:
    assert to_json(Encoded(None)) == b"null"
    assert JSONRenderer().render(None) == b""
