"""JSON of what is answered once, and of what is answered many times."""

from __future__ import annotations

import enum
import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from bookbridge.kernel import rendering
from bookbridge.kernel.rendering import Encoded, JSONRenderer, to_json


class State(enum.StrEnum):
    ACTIVE = "active"


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


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, -2.5, True, None, "é \u2028 </script>", {}]},
        datetime(2026, 1, 2, 3, 4, 5, 678900, UTC),
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-3))),
        [date(2026, 1, 2), Decimal("1.50"), uuid.UUID(int=7), gettext_lazy("Not found.")],
        {"state": State.ACTIVE, "safe": mark_safe("<b>"), "tuple": (1, 2)},
        2**70,
        {1: "one", None: 0},
        "half a pair: \ud800",
        reduce(lambda inner, _number: [inner], range(300), []),
    ],
)
def test_the_quick_way_writes_what_the_framework_writes(value: Any) -> None:
    slow = rendering._ENCODER.encode(value).encode("utf-8", errors="replace")
    assert to_json(value) == slow


def test_what_nobody_can_write_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json({"thing": object()})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_no_number_for_is_null(value: float) -> None:
    assert to_json([value]) == b"[null]"
