"""The two kinds of serializers: what comes in, strictly, and the schema of what goes out.

An `InputSerializer` checks the shape of a body and nothing else; rules about the state of things
belong to services. An `OutputSerializer` is a schema: representations are built by shapes.
The strict fields live in `fields.py` and `text_fields.py` and are offered here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from bookbridge.kernel.fields import Choice, Day, Flag, ListOf, Moment, Number, Whole
from bookbridge.kernel.text_fields import EmailText, LanguageTag, Slug, Text, TimeZone, UrlText

__all__ = [
    "Choice",
    "Day",
    "EmailText",
    "Flag",
    "InputSerializer",
    "LanguageTag",
    "ListOf",
    "Moment",
    "NoInput",
    "Number",
    "OutputSerializer",
    "Slug",
    "Text",
    "TimeZone",
    "UrlText",
    "Whole",
]


class OutputSerializer(serializers.Serializer):
    """The schema of a representation. It reads nothing: whoever tries has made a mistake."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse: an output has no input."""
        raise TypeError(f"{type(self).__name__} describes what goes out and reads nothing")


class InputSerializer(serializers.Serializer):
    """A body, read strictly; every fault is reported, not only the first.

    A name that is not a field is refused with `unknown_field`, or with `read_only` when the
    representation named by `output` has it. With `partial=True` (PATCH) nothing is required,
    defaults stay away, and the result holds what was sent and no more.

    Attributes:
        output: the serializer of the representation, which knows what is read-only.
        strict: tells the schema to close the component (`additionalProperties: false`).
    """

    strict: ClassVar[bool] = True
    output: ClassVar[type[serializers.Serializer] | None] = None

    @classmethod
    def read(cls, data: Any, *, partial: bool = False, **context: Any) -> dict[str, Any]:
        """The checked values of a body, `request.data`.

        Raises:
            ValidationError: with every fault of the body.
        """
        if data is None or context:
            serializer = cls(data=data, partial=partial, context=context)
            serializer.is_valid(raise_exception=True)
            return dict(serializer.validated_data)
        return dict(_reader(cls, partial, get_language()).run_validation(data))

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The values of all fields that were sent; unknown names count as faults."""
        errors = self.refused_names(data) if isinstance(data, Mapping) else {}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as error:
            detail: Any = error.detail  # a serializer's is a dict
            raise ValidationError({**detail, **errors}) from error
        if errors:
            raise ValidationError(errors)
        return values

    def refused_names(self, names: Iterable[Any]) -> dict[str, list[ErrorDetail]]:
        """The faults of those `names` that are not fields one may send."""
        fields = self.fields
        shown = self.output._declared_fields if self.output else {}
        errors = {}
        for name in names:
            if name in fields and not fields[name].read_only:
                continue
            if name in fields or name in shown:
                errors[name] = [ErrorDetail(_("This field is read-only."), "read_only")]
            else:
                errors[name] = [ErrorDetail(_("There is no such field."), "unknown_field")]
        return errors


@cache
def _reader(kind: type[InputSerializer], partial: bool, language: str | None) -> InputSerializer:
    """One instance for all bodies in a language, as for queries: reading keeps no state in it."""
    return kind(partial=partial)


class NoInput(InputSerializer):
    """The body of an operation that takes none: nothing, or an empty object."""
