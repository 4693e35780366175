"""Strict fields for text: free text, and texts of a form such as addresses and names of zones.

The pattern in a schema holds what the field takes, so that clients and generated requests know.
The messages that DRF has as well are worded as there, so that its translations serve.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from rest_framework import serializers

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_OR_BREAK = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The same two sets in the words of JSON Schema, where surrogates cannot be.
_CONTROL_IN_SCHEMA = r"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F"
_CONTROL_OR_BREAK_IN_SCHEMA = r"\u0000-\u001F\u007F-\u009F\u2028\u2029"
_LINE_BREAK = re.compile("\r\n?")


class Text(serializers.Field):
    """Text. Line breaks become `\\n`; other control characters than that and tab are refused.

    Arguments:
        max_length: in characters (code points), of what was sent.
        min_length: in characters, of what is left after trimming.
        allow_blank: whether it may be empty.
        trim_whitespace: whether white space at both ends is cut off.
        single_line: refuse line breaks and tabs as well (names, titles).
        pattern: a regular expression that the whole text must match.
    """

    default_error_messages = {
        "invalid": _("Not a valid string."),
        "blank": _("This field may not be blank."),
        "max_length": _("Ensure this field has no more than {max_length} characters."),
        "min_length": _("Ensure this field has at least {min_length} characters."),
        "control_characters": _("Control characters are not allowed here."),
        "invalid_format": _("This value does not match the required pattern."),
    }
    initial = ""

    def __init__(
        self,
        *,
        max_length: int | None = None,
        min_length: int | None = None,
        allow_blank: bool = False,
        trim_whitespace: bool = True,
        single_line: bool = False,
        pattern: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.min_length = min_length
        # Not called `allow_blank`: for that name the schema generator makes a `oneOf`.
        self.may_be_blank = allow_blank
        self.trim_whitespace = trim_whitespace
        self.single_line = single_line
        self.pattern = re.compile(pattern) if pattern else None
        set_override(self, "field", self.schema())

    def to_internal_value(self, data: Any) -> str:
        """The text, cleaned; anything but a JSON string is refused."""
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        if (_CONTROL_OR_BREAK if self.single_line else _CONTROL).search(data):
            self.fail("control_characters")
        text = self.clean(_LINE_BREAK.sub("\n", data))
        if not text:
            if not self.may_be_blank:
                self.fail("blank")
            return text
        if self.min_length is not None and len(text) < self.min_length:
            self.fail("min_length", min_length=self.min_length)
        if self.pattern and not self.pattern.fullmatch(text):
            self.fail("invalid_format")
        return text

    def clean(self, text: str) -> str:
        """What is kept of a text free of control characters."""
        return text.strip() if self.trim_whitespace else text

    def to_representation(self, value: Any) -> str:
        """The text as it is stored."""
        return str(value)

    def from_text(self, text: str) -> Any:
        """The value that a query parameter stands for."""
        return text

    def schema(self) -> dict[str, Any]:
        """The field in JSON Schema: lengths, and a pattern that holds exactly what is taken."""
        schema: dict[str, Any] = {"type": "string", "pattern": self._schema_pattern()}
        if not self.may_be_blank:
            schema["minLength"] = self.min_length or 1
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        return schema

    def _schema_pattern(self) -> str:
        least, optional = self.min_length or 1, "?" if self.may_be_blank else ""
        if self.pattern:
            return f"^(?:{self.pattern.pattern}){optional}$"
        control = _CONTROL_OR_BREAK_IN_SCHEMA if self.single_line else _CONTROL_IN_SCHEMA
        taken, solid = f"[^{control}]", rf"[^\s{control}]"
        if least == 1 and self.may_be_blank:
            return f"^{taken}*$"
        if not self.trim_whitespace:
            body = f"{taken}{{{least},}}" if least > 1 else f"{taken}+"
        elif least == 1:
            body = f"{taken}*{solid}{taken}*"
        else:
            body = f"{taken}*{solid}{taken}{{{least - 2},}}{solid}{taken}*"
        return f"^(?:{body})?$" if self.may_be_blank else f"^{body}$"


class EmailText(Text):
    """An e-mail address, in small letters."""

    default_error_messages = {"invalid_email": _("Enter a valid email address.")}

    def __init__(self, *, max_length: int = 254, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, single_line=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The address, lower-cased."""
        text = super().to_internal_value(data).lower()
        if text:
            try:
                validate_email(text)
            except DjangoValidationError:
                self.fail("invalid_email")
        return text

    def schema(self) -> dict[str, Any]:
        """An `email`; no pattern, so that generated examples stay addresses."""
        length = {"maxLength": self.max_length}
        address = {"format": "email", "minLength": 1}
        if self.may_be_blank:
            return {"type": "string", **length, "anyOf": [address, {"maxLength": 0}]}
        return {"type": "string", **address, **length}


class UrlText(Text):
    """An address on the web: http or https, in ASCII as RFC 3986 has it, without a user part."""

    default_error_messages = {"invalid_format": _("Enter a valid URL.")}

    def __init__(self, *, max_length: int = 500, **kwargs: Any) -> None:
        kwargs["pattern"] = (
            r"https?://[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
            r"(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%\-]*)?"
        )
        super().__init__(max_length=max_length, single_line=True, **kwargs)


class Slug(Text):
    """The name of a thing in an address: small ASCII letters, digits, single hyphens between."""

    default_error_messages = {
        "invalid_format": _("Use small letters, digits and single hyphens between them."),
    }

    def __init__(self, *, max_length: int = 100, **kwargs: Any) -> None:
        kwargs["pattern"] = "[a-z0-9]+(?:-[a-z0-9]+)*"
        super().__init__(max_length=max_length, **kwargs)


class LanguageTag(Text):
    """A language as BCP 47 names it, in small letters: `en`, `pt-br`, `zh-hant-tw`."""

    default_error_messages = {"invalid_format": _("This is not a language tag such as pt-br.")}

    def __init__(self, *, max_length: int = 35, **kwargs: Any) -> None:
        kwargs["pattern"] = "[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
        super().__init__(max_length=max_length, **kwargs)

    def clean(self, text: str) -> str:
        """The tag in small letters."""
        return super().clean(text).lower()


class TimeZone(Text):
    """A zone of the IANA time zone database, such as `America/Sao_Paulo`."""

    default_error_messages = {"unknown_time_zone": _("There is no time zone of this name.")}

    def __init__(self, *, max_length: int = 64, **kwargs: Any) -> None:
        kwargs["pattern"] = r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*"
        super().__init__(max_length=max_length, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The name, when the database of this machine (or the package tzdata) has it."""
        text = super().to_internal_value(data)
        if text and text not in time_zones():
            self.fail("unknown_time_zone")
        return text


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones that can be used here."""
    return frozenset(available_timezones() - {"Factory", "localtime", "posixrules"})
