"""What a handler gives: data with a status, written when all about the answer is known."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

from bookbridge.kernel import conditional
from bookbridge.kernel.headers import put_one

NOT_MODIFIED = 304


class Answer(HttpResponse):
    """A good answer of the API.

    Attributes:
        data: what is written; None is no body.
        version: counts the edits of what is shown, for its tag; None for what has no tag.
    """

    def __init__(self, data: Any = None, *, status: int = 200, version: int | None = None) -> None:
        super().__init__(status=status, content_type="application/json")
        self.data, self.version = data, version

    def write_with(self, renderer: BaseRenderer) -> None:
        """Make the body from the data."""
        body = renderer.render(self.data)
        if not body:
            del self.headers["Content-Type"]
            return
        self.content = body
        kind = renderer.media_type
        if renderer.charset is not None:
            kind = f"{kind}; charset={renderer.charset}"
        put_one(self, "Content-Type", kind)

    def items(self) -> Any:
        """Names and values of the headers, as they are kept."""
        return self.headers._store.values()

    def tag(self) -> str | None:
        """Name this state of what is shown, where it can be named; the body must be written."""
        if self.version is None:
            return None
        tag = conditional.entity_tag(self.version, self.content)
        put_one(self, "ETag", tag)
        return tag

    def become_unchanged(self) -> None:
        """The client has this state already: 304, which has no body."""
        self.status_code, self.content = NOT_MODIFIED, b""
        del self.headers["Content-Type"]
