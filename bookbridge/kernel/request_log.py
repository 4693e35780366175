"""The id of each request, its line in the log, and logs that hold no secrets.

A line tells what was asked for by the pattern of the route alone: paths hold the secrets of
invitations and calendars, query strings hold what people search for.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from bookbridge.kernel.headers import put_one
from bookbridge.kernel.redaction import redact

WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
UNMATCHED = "unmatched"
MESSAGE = "%(method)s %(route)s %(status)s %(duration_ms)s ms"

logger = logging.getLogger("bookbridge.request")

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":"))

_request_id: ContextVar[str | None] = ContextVar("bookbridge_request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that is being answered, None outside of any."""
    return _request_id.get()


class RequestMiddleware:
    """Gives each request an id, answers when everything else failed, writes the line. Outermost.

    `X-Request-ID` of the client is kept when it has 8 to 128 letters, digits, dots, underscores
    and hyphens; otherwise the id is new. The id is `request.request_id` and returned.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer `request`, whatever happens."""
        started = time.perf_counter()
        request_id = _id_for(request)
        request.request_id = request_id  # type: ignore[attr-defined]
        token = _request_id.set(request_id)
        try:
            try:
                response = self.get_response(request)
            except Exception:
                logging.getLogger(__name__).exception("An error escaped all other layers.")
                response = _last_resort(request_id)
            put_one(response, "X-Request-ID", request_id)
            _write_line(request, response.status_code, time.perf_counter() - started)
            return response
        finally:
            _request_id.reset(token)


class JSONFormatter(logging.Formatter):
    """One JSON object a line. Secrets and personal data are taken out of whatever is logged.

    The record of a request (`extra={"fields": {...}}`) shows its fields and nothing else; any
    other shows its logger, its message and whatever `extra` it was given. Tracebacks are one
    string, without the values of variables.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`."""
        line: dict[str, Any] = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "request_id": _request_id.get(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line |= fields
        else:
            line |= {"logger": record.name, "message": redact(_message(record))} | _extra(record)
            line["request_id"] = line["request_id"] or getattr(record, "request_id", None)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = redact(self.formatException(record.exc_info))
        return _written(line)


def route_of(request: HttpRequest) -> str:
    """The pattern of the route that answers `request`, never its path."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match is not None else UNMATCHED


def _id_for(request: HttpRequest) -> str:
    """The id that the client gave, or one that names this request; it is no secret."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    if WELL_FORMED_ID.fullmatch(given):
        return given
    return f"{random.getrandbits(128):032x}"


def _write_line(request: HttpRequest, status: int, seconds: float) -> None:
    route, duration_ms = route_of(request), round(seconds * 1000, 1)
    fields = {
        "method": request.method if request.method in _METHODS else "other",
        "route": route,
        "status": status,
        "duration_ms": duration_ms,
        "reader_id": getattr(request, "reader_id", None),
    }
    level = logging.ERROR if status >= 500 else logging.INFO
    if logger.isEnabledFor(level):
        # The place in the code is this one for every request: nobody need look for it.
        record = logger.makeRecord(
            logger.name, level, __file__, 0, MESSAGE, (fields,), None, extra={"fields": fields}
        )
        logger.handle(record)


# Names that are no `extra`, or that the line has already.
_OF_EVERY_RECORD = set(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "request_id", "time", "level", "logger", "exception",
}  # fmt: skip
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _last_resort(request_id: str) -> HttpResponse:
    """A problem document made of constants: nothing here may fail in its turn."""
    problem = {
        "type": "urn:bookbridge:problem:internal_error",
        "title": "Internal error",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "code": "internal_error",
        "request_id": request_id,
    }
    response = HttpResponse(
        json.dumps(problem), status=500, content_type="application/problem+json"
    )
    response["Cache-Control"] = "no-store"
    return response


def _message(record: logging.LogRecord) -> str:
    """The message; Django's own lines name the path, ours the route instead."""
    message = record.getMessage()
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        for path in (request.get_full_path(), request.path):
            if len(path) > 1:
                message = message.replace(path, route_of(request))
    return message


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller added to the record, made safe; requests and other objects stay out."""
    added = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    return {
        name: redact(value) if isinstance(value, str) else value
        for name, value in added.items()
        if value is None or isinstance(value, str | int | float)
    }


def _written(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except TypeError:  # a lone surrogate, or a number beyond 64 bits
        return _ENCODER.encode(line)


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
