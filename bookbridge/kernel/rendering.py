"""Writing JSON: UTF-8, compact, without `NaN`, and one encoder for all answers. And SVG, for the
few operations that draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

#: Moments in UTC end in `Z` (RFC 3339), and have microseconds only where there are some.
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS
_ENCODER = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class JSONRenderer(BaseRenderer):
    """The renderer of `application/json`, which by its nature is UTF-8 (RFC 8259)."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """`data` as bytes; none at all for None, so that 204 has no body."""
        return b"" if data is None else to_json(data)


class SVGRenderer(BaseRenderer):
    """The renderer of `image/svg+xml`: the data is the document, as text."""

    media_type = "image/svg+xml"
    format = "svg"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """`data` as bytes; none at all for None."""
        return b"" if data is None else str(data).encode("utf-8", errors="replace")


@dataclass(frozen=True)
class Encoded:
    """Data that is answered many times: it is encoded once. Nobody changes it any more."""

    data: Any

    @cached_property
    def body(self) -> bytes:
        """The data as `to_json` writes it."""
        return to_json(self.data)


def to_json(data: Any) -> bytes:
    """`data` as compact JSON in UTF-8.

    Moments, days, decimals, UUIDs and translated texts are written as DRF does. A lone
    surrogate, which should never have been stored, comes out as `?` and breaks nothing; what is
    no number comes out as null.
    """
    if isinstance(data, Encoded):
        return data.body
    try:
        return orjson.dumps(data, default=_ENCODER.default, option=_OPTIONS)
    except TypeError:  # what only the slower encoder can write, or refuses with a reason
        return _ENCODER.encode(data).encode("utf-8", errors="replace")
