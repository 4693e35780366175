"""What all operations of the OpenAPI document share: problems, headers, the scheme."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]

#: What each error status means, in the words of the HTTP contract.
ERRORS: dict[int, str] = {
    308: "Merged into another: `Location` is where it is now.",
    400: "The input is not valid; `errors` says where.",
    401: "Not signed in, or not any more.",
    403: "Your role does not allow this.",
    404: "Not there, or not for you to know.",
    406: "The answer has no media type that `Accept` allows.",
    409: "The state of things forbids it.",
    412: "Edited meanwhile: the version in If-Match is not the current one.",
    413: "The body is larger than 1 MiB.",
    414: "The address is longer than 4 KiB.",
    415: "The body is not JSON.",
    422: "This Idempotency-Key was used with another body.",
    428: "If-Match is required.",
    429: "Too many requests.",
    503: "Not able to serve at the moment.",
}
RETRY_AFTER = (409, 429, 503)


def complete(result: JsonSchema, generator: Any, request: Any, public: bool) -> JsonSchema:
    """Postprocessing hook: the problem document, shared answers, headers, the scheme."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        f"Problem{status}": _problem_response(status, text) for status, text in ERRORS.items()
    }
    components["headers"] = HEADERS
    components["securitySchemes"] = SECURITY_SCHEMES
    for methods in result["paths"].values():
        for operation in methods.values():
            operation.setdefault("security", [])  # said, not left to be guessed
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return result


def _problem_response(status: int, text: str) -> JsonSchema:
    names = ["X-Request-ID", *(["Retry-After"] if status in RETRY_AFTER else [])]
    names += ["Location"] if status == 308 else []
    return {
        "description": text,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _header(description: str, kind: str = "string") -> JsonSchema:
    return {"description": description, "schema": {"type": kind}}


HEADERS: JsonSchema = {
    "ETag": _header('`"<version>.<digest>"`, for If-None-Match and If-Match.'),
    "Idempotency-Replayed": _header("`true` when this is the first answer given again."),
    "Location": _header("The address of what was made."),
    "RateLimit": _header("What is left of the limit, and the seconds until it is whole."),
    "RateLimit-Policy": _header("The limit: requests and the window in seconds."),
    "Retry-After": _header("Seconds to wait before the next try.", "integer"),
    "X-Request-ID": _header("Names this request in the logs."),
}

SECURITY_SCHEMES: JsonSchema = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a sign-in, good for ten minutes.",
    },
    "personal_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "bb_...",
        "description": (
            "A personal access token from `POST /api/v1/users/me/tokens/`, for scripts. Scopes: "
            "`read` (every token has it), `write` (changes), `moderate` (with `read` or `write`: "
            "what site moderators and admins do). What changes the account itself needs a "
            "sign-in: 403 `session_required`. Without the scope: 403 `insufficient_scope`."
        ),
    },
}

PROBLEM: JsonSchema = {
    "type": "object",
    "description": "An error, as of RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "A JSON Pointer (RFC 6901)."},
                    "parameter": {"type": "string", "description": "A query parameter."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "allowed": {"type": "array", "items": {"type": "string"}},
        "existing": {
            "type": "object",
            "properties": {"id": {"type": ["integer", "string"]}, "url": {"type": "string"}},
        },
        "candidates": {"type": "array", "items": {"type": "object"}},
        "until": {"type": ["string", "null"], "format": "date-time"},
        "reason": {"type": "string", "description": "Why an account is suspended."},
        "url": {"type": "string", "description": "Where a merged thing is now."},
        "challenge": {
            "type": "string",
            "description": "With 401 `second_factor_required`: what a code redeems.",
        },
        "expires_in": {"type": "integer", "description": "Seconds that `challenge` is good for."},
        "did_you_mean": {"type": "string"},
    },
}
