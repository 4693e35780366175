"""Writing data of any size as one JSON document, a row at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from bookbridge.kernel.rendering import to_json

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bookbridge.kernel.shapes import Json

#: So many rows are in memory at once.
CHUNK = 500


def each(queryset: QuerySet[Any], build: Callable[[Any], Json]) -> Iterator[Json]:
    """What `build` makes of each row, one after the other, from one statement."""
    return (build(row) for row in queryset.iterator(chunk_size=CHUNK))


def write_json(value: Any, file: IO[bytes]) -> None:
    """Write `value` as compact JSON; mappings and iterators are walked, never held whole."""
    for piece in _pieces(value):
        file.write(piece)


def held(value: Any) -> Any:
    """`value` with its iterators as lists, for what is known to be small."""
    if isinstance(value, Mapping):
        return {name: held(inner) for name, inner in value.items()}
    return list(value) if isinstance(value, Iterator) else value


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        mark = b"{"
        for name, inner in value.items():
            yield mark + to_json(name) + b":"
            yield from _pieces(inner)
            mark = b","
        yield b"{}" if mark == b"{" else b"}"
    elif isinstance(value, Iterator):
        mark = b"["
        for inner in value:
            yield mark + to_json(inner)
            mark = b",\n"
        yield b"[]" if mark == b"[" else b"]"
    else:
        yield to_json(value)
