"""What one operation of the API is: who may call it, what it takes, what it answers.

Each view states its operations in one table. The table drives the checks of the view and the
schema alike, so that neither can say what the other does not do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookbridge.kernel.shapes import Shape

if TYPE_CHECKING:
    from rest_framework.renderers import BaseRenderer
    from rest_framework.serializers import Serializer

    from bookbridge.kernel.query import Query
    from bookbridge.kernel.serializers import InputSerializer


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        summary: one line for the documents.
        answer: the shape (or serializer) of a 2xx answer; None answers 204 without a body.
        status: the 2xx status; by default 200, or 204 without `answer`.
        paged: the answer is a keyset page of `answer`.
        listed: the answer is a plain array of `answer` under `results`.
        query: the query parameters; without it any parameter is refused.
        body: the input; without it any member of a body is refused.
        public: open to visitors without account. Everything else is closed to them.
        session: only for whoever signed in: no personal token opens it.
        verified: only for readers whose e-mail address is verified, where that is asked for.
        role: what the view's permission table understands (clubs: the least role).
        conflicts: codes of the 409 answers, for the schema.
        forbidden: codes of the 403 answers, for the schema.
        missing: whether 404 is a possible answer.
        if_match: whether If-Match is heeded; `precondition` makes it compulsory (428).
        secret_fields: members that a replay of an Idempotency-Key shows as null.
        while_leaving: open to readers who asked to leave; everything else answers them 403
            `account_leaving`.
        also: further error statuses, for the schema.
        renderer: what writes the answer when it is not JSON; `answer` is then None, and the
            schema names its media type.
        description: more than a line, in Markdown.
        example: an example of the body.
    """

    summary: str
    answer: Shape | type[Serializer[Any]] | None = None
    status: int = 0
    paged: bool = False
    listed: bool = False
    query: type[Query] | None = None
    body: type[InputSerializer] | None = None
    public: bool = False
    session: bool = False
    verified: bool = False
    role: Any = None
    conflicts: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    missing: bool = False
    if_match: bool = False
    precondition: bool = False
    secret_fields: tuple[str, ...] = ()
    while_leaving: bool = False
    also: tuple[int, ...] = ()
    renderer: type[BaseRenderer] | None = None
    description: str = ""
    example: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def success(self) -> int:
        """The status of a good answer."""
        return self.status or (200 if self.answer is not None or self.renderer else 204)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Codes of all 403 answers, for the schema."""
        return (*(("email_unverified",) if self.verified else ()), *self.forbidden)

    @property
    def serializer(self) -> type[Serializer[Any]] | None:
        """The schema of the answer (of one element, for lists)."""
        return self.answer.serializer if isinstance(self.answer, Shape) else self.answer
