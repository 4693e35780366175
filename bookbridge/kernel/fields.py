"""Strict fields for what comes in: the JSON type must be the right one, nothing is guessed.

`"5"` is no integer, `1` no boolean, `0` no text, `4.5` no whole number. What a field refuses is
also what its schema says, as far as JSON Schema has a word for it. `from_text` reads the same
value from a query parameter, where everything is text. The fields for text are in
`text_fields.py`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from rest_framework import serializers

#: Whole numbers that every JSON reader keeps exactly (RFC 7493, section 2.2).
LARGEST_WHOLE = 2**53 - 1

_WHOLE = re.compile("-?(0|[1-9][0-9]{0,18})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?", re.ASCII)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def whole(value: Any) -> int | None:
    """The integer that a JSON value is (`5` and `5.0`), or None."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


class Whole(serializers.IntegerField):
    """A whole number within what JSON carries exactly; `4.5`, `"5"` and `true` are none.

    `5.0` is one: JSON and JSON Schema know no difference between it and `5`.
    """

    def __init__(
        self,
        *,
        min_value: int = -LARGEST_WHOLE,
        max_value: int = LARGEST_WHOLE,
        **kwargs: Any,
    ) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The number as an integer."""
        value = whole(data)
        if value is None:
            self.fail("invalid")
        return value

    def from_text(self, text: str) -> int:
        """The number that a query parameter stands for."""
        if not _WHOLE.fullmatch(text):
            self.fail("invalid")
        return int(text)


class Number(serializers.FloatField):
    """A number, such as a rating; `step` is what it must be a multiple of."""

    default_error_messages = {"step": _("Ensure this value is a multiple of {step}.")}

    def __init__(self, *, step: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step
        set_override(self, "field", {"type": "number"} | ({"multipleOf": step} if step else {}))

    def to_internal_value(self, data: Any) -> float:
        """The number as a float; text and booleans are refused."""
        if type(data) not in (int, float):
            self.fail("invalid")
        value = float(super().to_internal_value(data))
        if self.step and not _is_multiple(value, self.step):
            self.fail("step", step=self.step)
        return value

    def from_text(self, text: str) -> float:
        """The number that a query parameter stands for."""
        if not _DECIMAL.fullmatch(text):
            self.fail("invalid")
        return float(text)


class Flag(serializers.BooleanField):
    """`true` or `false`, nothing that looks like them."""

    def to_internal_value(self, data: Any) -> bool:
        """The boolean as it came."""
        if data is not True and data is not False:
            self.fail("invalid")
        return data

    def from_text(self, text: str) -> bool:
        """The boolean that a query parameter stands for."""
        if text not in ("true", "false"):
            self.fail("invalid")
        return text == "true"


class Choice(serializers.ChoiceField):
    """One word of a fixed set."""

    default_error_messages = {
        "invalid": _("Not a valid string."),
        "invalid_choice": _("Choose one of: {choices}."),
    }

    def to_internal_value(self, data: Any) -> str:
        """The word as it came."""
        if not isinstance(data, str):
            self.fail("invalid")
        if data not in self.choices and not (data == "" and self.allow_blank):
            self.fail("invalid_choice", choices=", ".join(map(str, self.choices)))
        return data

    def from_text(self, text: str) -> str:
        """The word that a query parameter holds."""
        return text


class Day(serializers.DateField):
    """A day of the calendar, `YYYY-MM-DD`."""

    default_error_messages = {"invalid": _("This is not a day in the form YYYY-MM-DD.")}

    def to_internal_value(self, value: Any) -> date:
        """The day as a date."""
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")

    def from_text(self, text: str) -> str:
        """The text, which is read like that of a body."""
        return text


class Moment(serializers.DateTimeField):
    """A moment with its zone, as RFC 3339 writes it: `2026-11-20T14:00:00Z`."""

    default_error_messages = {
        "invalid": _("This is not a moment in the form 2026-11-20T14:00:00Z.")
    }

    def to_internal_value(self, value: Any) -> datetime:
        """The moment in UTC."""
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


class IntegerOrName(serializers.Field):
    """An id where things have one, a name (a slug, a username) where they go by that."""

    default_error_messages = {"invalid": _("Give an id, or a name.")}

    def __init__(self, *, max_length: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        integer = {"type": "integer", "minimum": 1, "maximum": LARGEST_WHOLE}
        name = {"type": "string", "minLength": 1, "maxLength": max_length}
        set_override(self, "field", {"oneOf": [integer, name]})

    def to_internal_value(self, data: Any) -> int | str:
        """The integer or the name as it came."""
        number = whole(data)
        if number is not None and 0 < number <= LARGEST_WHOLE:
            return number
        if not isinstance(data, str) or not 0 < len(data) <= self.max_length:
            self.fail("invalid")
        return data


class ListOf(serializers.ListField):
    """A JSON array of one kind: `ListOf(Text(max_length=200), max_length=20)`."""

    def __init__(self, child: serializers.Field, **kwargs: Any) -> None:
        super().__init__(child=child, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """The values; an array that is too long is refused before its members are read."""
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


def _is_multiple(value: float, step: float) -> bool:
    """Whether `value` is a multiple of `step` in decimal, as both are written."""
    return abs(value) <= LARGEST_WHOLE and not Decimal(str(value)) % Decimal(str(step))
