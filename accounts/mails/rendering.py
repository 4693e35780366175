"""Writing a mail: a text and its values, in the language and the time zone of who reads it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.mails.texts import LINK, TEXTS, Part, Text
from accounts.moderation.notices import MESSAGES

WIDTH = 72
#: Words of the moderators; everything else that comes from outside is much shorter.
REASON_LENGTH, WORDS_LENGTH = 1000, 100
MOMENTS = ("until", "session_created")
#: Given by who signs in or makes a token, so perhaps by a stranger: nothing that a program for
#: mail makes a link of.
OF_STRANGERS = ("device", "name")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_LIKE_A_LINK = re.compile(r"[:/@]+|(?<=\w)\.(?=[^\W\d])")


def written(
    name: str,
    context: Mapping[str, Any],
    *,
    username: str = "",
    language: str = "en",
    time_zone: str = "UTC",
) -> tuple[str, str]:
    """The subject and the body of a mail.

    Arguments:
        name: one of `TEXTS`.
        context: plain JSON; moments are ISO 8601.
        username: whom it greets; empty for somebody without an account.

    Raises:
        KeyError: there is no such text, or a value is missing.
    """
    text = TEXTS[name]
    with translation.override(language), timezone.override(ZoneInfo(time_zone)):
        values = _values(text, context) | {"username": username or context.get("username", "")}
        greeting = _("Hello {username},") if values["username"] else _("Hello,")
        paragraphs = [greeting.format(**values), *_paragraphs(text, values)]
        paragraphs.append(f"-- \nBookBridge\n{settings.PUBLIC_URL}")
        return str(text.subject), "\n\n".join(paragraphs) + "\n"


def _paragraphs(text: Text, values: Mapping[str, Any]) -> Iterator[str]:
    for part in text.parts:
        words, given, missing = part if isinstance(part, Part) else Part(part)
        if (given and not values.get(given)) or (missing and values.get(missing)):
            continue
        if words == LINK:
            yield str(values["link"])
        else:
            yield _filled(str(words).format(**values))


def _filled(paragraph: str) -> str:
    lines = paragraph.splitlines() or [""]
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines
    )


def _values(text: Text, context: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: _plain(key, value) for key, value in context.items()}
    if text.link and context.get("token"):
        values["link"] = getattr(settings, text.link).replace("{token}", str(context["token"]))
    if "notice" in context:
        values["notice"] = str(MESSAGES[context["notice"]])
    values.pop("token", None)
    return values


def _plain(key: str, value: Any) -> str:
    """A value as one line of text (a reason: as lines)."""
    if value is None:
        return ""
    if key in MOMENTS:
        moment = parse_datetime(str(value))
        return _moment(moment) if moment else ""
    if isinstance(value, list | tuple):
        return ", ".join(_plain("", each) for each in value)
    if key == "reason":
        lines = str(value)[:REASON_LENGTH].splitlines()
        return "\n".join(_UNPRINTABLE.sub(" ", line) for line in lines)
    words = _UNPRINTABLE.sub(" ", str(value))
    if key in OF_STRANGERS:
        words = _LIKE_A_LINK.sub(" ", words)[:WORDS_LENGTH]
    return words


def _moment(moment: datetime) -> str:
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=ZoneInfo("UTC"))
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} ({local.tzname()})"
