"""Reads the texts of templates for Babel, which reads Python alone; used by `make messages`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize


def extract_template(
    file: IO[bytes],
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[Any, ...]]:
    """The texts of one template, as Babel wants them: line, function, messages, comments.

    Django's `templatize` makes calls of gettext out of the tags, at their lines, and blanks out
    the rest. Within brackets, the indentation of a template means nothing to Python.
    """
    calls = templatize(file.read().decode())
    python = BytesIO(f"({calls}\n)".encode())
    return extract_python(python, keywords, comment_tags, {**options, "encoding": "utf-8"})
