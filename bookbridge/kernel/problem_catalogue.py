"""The stable codes of problems that the kernel itself raises, with status and title.

Apps have codes of their own; a code that is not listed here takes the title of its status.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Code:
    """What one code stands for: the same status and title wherever it occurs."""

    status: int
    title: str | Promise


STATUS_TITLES: dict[int, str | Promise] = {
    308: _("Moved"),
    400: _("Invalid request"),
    401: _("Not signed in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("Not acceptable"),
    408: _("Request timed out"),
    409: _("Conflict"),
    412: _("Changed meanwhile"),
    413: _("Too large"),
    414: _("Address too long"),
    415: _("Unsupported media type"),
    422: _("Cannot be processed"),
    428: _("Precondition required"),
    429: _("Too many requests"),
    500: _("Internal error"),
    503: _("Not available"),
}

CODES: dict[str, Code] = {
    "moved": Code(308, _("Moved")),
    # 400: the bytes
    "bad_request": Code(400, _("Bad request")),
    "body_incomplete": Code(400, _("Incomplete body")),
    "duplicate_key": Code(400, _("Name given twice")),
    "invalid_text": Code(400, _("Invalid characters")),
    "malformed_json": Code(400, _("Malformed JSON")),
    "not_an_object": Code(400, _("Not a JSON object")),
    "not_utf8": Code(400, _("Not UTF-8")),
    "number_out_of_range": Code(400, _("Number out of range")),
    "too_deep": Code(400, _("Nested too deeply")),
    "too_many_parameters": Code(400, _("Too many parameters")),
    "too_many_values": Code(400, _("Too many values")),
    "unknown_host": Code(400, _("Unknown host")),
    # 400: the shape
    "invalid": Code(400, _("Invalid input")),
    "invalid_cursor": Code(400, _("Invalid cursor")),
    "invalid_idempotency_key": Code(400, _("Invalid Idempotency-Key")),
    "invalid_input": Code(400, _("Invalid input")),
    # 401 to 406
    "authentication_failed": Code(401, _("Not signed in")),
    "not_authenticated": Code(401, _("Not signed in")),
    "token_not_valid": Code(401, _("Invalid token")),
    "not_allowed": Code(403, _("Not allowed")),
    "permission_denied": Code(403, _("Not allowed")),
    "not_found": Code(404, _("Not found")),
    "method_not_allowed": Code(405, _("Method not allowed")),
    "not_acceptable": Code(406, _("Not acceptable")),
    # 409 to 428
    "conflict": Code(409, _("Conflict")),
    "in_use": Code(409, _("In use")),
    "request_in_progress": Code(409, _("Request in progress")),
    "stale": Code(412, _("Changed meanwhile")),
    "body_too_large": Code(413, _("Body too large")),
    "address_too_long": Code(414, _("Address too long")),
    "unsupported_charset": Code(415, _("Unsupported charset")),
    "unsupported_media_type": Code(415, _("Unsupported media type")),
    "idempotency_key_reused": Code(422, _("Idempotency-Key used with another body")),
    "precondition_required": Code(428, _("Precondition required")),
    # 429 and 5xx
    "too_many_requests": Code(429, _("Too many requests")),
    "internal_error": Code(500, _("Internal error")),
    "database_unavailable": Code(503, _("Not available")),
    "unavailable": Code(503, _("Not available")),
}

#: The code of an answer that comes with a status and nothing else.
PLAIN_CODES: dict[int, str] = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "stale",
    413: "body_too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
    428: "precondition_required",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


def title_of(code: str, status: int) -> str:
    """The title of a code; that of its status when the code is an app's own."""
    known = CODES.get(code)
    if known is not None and known.status == status:
        return str(known.title)
    return str(STATUS_TITLES.get(status) or STATUS_TITLES[500 if status >= 500 else 400])
