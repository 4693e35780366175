"""The errors that rules raise. `problems.py` turns each of them into a problem document.

A service says what is wrong and gives it a stable `code`; it never thinks about HTTP. The status
is a property of the kind of error, so that one kind always leaves with the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Message = str | Promise


class DomainError(Exception):
    """The state of things forbids the act: 409.

    `message` is for people, `code` is stable and for programs. What helps the client to go on
    travels as `extra`: `allowed=[...]`, `existing={"id": ..., "url": ...}`, `candidates=[...]`,
    `until=...`. `retry_after` (whole seconds) becomes the header `Retry-After`; `headers` holds
    any others that the answer should carry.
    """

    status = 409
    default_message: Message = _("The present state does not allow this.")
    default_code = "conflict"
    default_retry_after: int | None = None

    def __init__(
        self,
        message: Message | None = None,
        code: str | None = None,
        *,
        retry_after: int | None = None,
        **extra: Any,
    ) -> None:
        self.message: Message = self.default_message if message is None else message
        self.code = code or self.default_code
        self.retry_after = self.default_retry_after if retry_after is None else retry_after
        self.extra = extra
        self.headers: dict[str, str] = {}
        super().__init__(self.message, self.code)

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """The reader's role does not allow the act: 403."""

    status = 403
    default_message = _("You may not do this.")
    default_code = "not_allowed"


class Moved(DomainError):
    """The thing has another address for good, and the request is to be sent there: 308."""

    status = 308
    default_message = _("This has another address now.")
    default_code = "moved"

    def __init__(self, address: str) -> None:
        super().__init__(url=address)
        self.headers = {"Location": address}


class Missing(DomainError):
    """Not there, or not for this reader to know: 404. The two must look the same."""

    status = 404
    default_message = _("Not found.")
    default_code = "not_found"


class Stale(DomainError):
    """The thing was edited since the client read it: 412."""

    status = 412
    default_message = _("This was changed meanwhile. Read it again and repeat your change.")
    default_code = "stale"


class PreconditionRequired(DomainError):
    """The act needs `If-Match`: 428."""

    status = 428
    default_message = _("This request needs the header If-Match.")
    default_code = "precondition_required"


class KeyReused(DomainError):
    """The same `Idempotency-Key` came with another body: 422."""

    status = 422
    default_message = _("This Idempotency-Key was used with another body.")
    default_code = "idempotency_key_reused"


class Unavailable(DomainError):
    """BookBridge cannot do it now and may be able to soon: 503."""

    status = 503
    default_message = _("The service is not available at the moment. Try again soon.")
    default_code = "unavailable"
    default_retry_after = 5


class TooManyRequests(DomainError):
    """A limit is used up: 429. Always carries `retry_after`."""

    status = 429
    default_message = _("Too many requests. Try again later.")
    default_code = "too_many_requests"
    default_retry_after = 60


class Unauthenticated(DomainError):
    """Nobody is signed in, or not any more: 401."""

    status = 401
    default_message = _("You are not signed in.")
    default_code = "not_authenticated"


class InvalidInput(DomainError):
    """Input breaks a rule that only a service can check: 400.

    `errors` holds `(pointer, code, detail)` triples, the pointer being a JSON Pointer
    (RFC 6901) into the body: `("/isbn", "invalid_isbn", "This is not an ISBN.")`.
    """

    status = 400
    default_message = _("The input is not valid.")
    default_code = "invalid_input"

    def __init__(
        self,
        errors: Iterable[tuple[str, str, Message]] = (),
        message: Message | None = None,
        code: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message, code, **extra)
        self.errors = list(errors)

    @classmethod
    def parameter(cls, name: str, code: str, detail: Message) -> InvalidInput:
        """A query parameter is wrong; in place of a pointer the problem names the parameter."""
        return cls([(f"?{name}", code, detail)], detail, code)
