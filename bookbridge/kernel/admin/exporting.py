"""Taking a list out of the admin as CSV or JSON, a row at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from bookbridge.kernel.rendering import to_json

CHUNK = 2_000
#: A spreadsheet takes a cell that begins so for a formula.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> Any:
    """A value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = str(_plain(value))
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def csv_response(queryset: QuerySet[Any], columns: Sequence[str]) -> StreamingHttpResponse:
    """The rows as CSV in UTF-8, with the mark by which spreadsheets know it."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield "\ufeff" + writer.writerow(columns)
        for row in _rows(queryset, columns):
            yield writer.writerow([cell(value) for value in row])

    return _download(lines(), queryset, "text/csv; charset=utf-8", "csv")


def json_response(queryset: QuerySet[Any], columns: Sequence[str]) -> StreamingHttpResponse:
    """The rows as one JSON array of objects."""

    def parts() -> Iterator[str]:
        mark = "["
        for row in _rows(queryset, columns):
            values = dict(zip(columns, map(_plain, row), strict=True))
            encoded = to_json(values)
            yield mark + (encoded.decode() if isinstance(encoded, bytes) else encoded)
            mark = ",\n"
        yield "[]" if mark == "[" else "]"

    return _download(parts(), queryset, "application/json", "json")


def _rows(queryset: QuerySet[Any], columns: Sequence[str]) -> Iterator[Any]:
    return queryset.values_list(*columns).iterator(chunk_size=CHUNK)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _download(
    content: Iterator[str], queryset: QuerySet[Any], content_type: str, ending: str
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type=content_type)
    name = f"{queryset.model._meta.model_name}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
