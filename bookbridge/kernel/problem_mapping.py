"""From an exception to what the client is told: every kind of error there is has its line here.

The table is read from the top and the first kind that fits decides, so subclasses come first.
Nothing of an exception that was not meant for clients gets into a problem: no text of the
database, no path, no name of a class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from django.core import exceptions as django_exceptions
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework import exceptions as drf
from rest_framework.fields import get_error_detail
from rest_framework.settings import api_settings

from bookbridge.kernel.errors import DomainError, InvalidInput
from bookbridge.kernel.problem_catalogue import PLAIN_CODES
from bookbridge.kernel.query import InvalidQuery

MAX_ERRORS = 100
MAX_POINTER = 200
DATABASE_RETRY_SECONDS = 5

# SQLSTATEs that speak of the server's state, not of the statement, whatever class they come in:
# connection, resources, intervention, system; read-only, serialization, deadlock, lock timeout.
_PASSING = re.compile("08...|53...|57...|58...|25006|40001|40P01|55P03")
_SQLITE_DEFECT = re.compile("no such |has no column|syntax error|near ")


@dataclass
class Problem:
    """One error as the client is told of it.

    Attributes:
        log: None for what clients may cause at will; "trace" for faults of ours, "line" for
            the state of the database.
    """

    status: int
    code: str
    detail: str | Promise
    errors: list[dict[str, str]] = field(default_factory=list)
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    log: str | None = None


def problem_of(error: BaseException) -> Problem:
    """The problem that stands for `error`; 500 `internal_error` for what nobody foresaw."""
    for kinds, make in _TABLE:
        if isinstance(error, kinds):
            return make(error)
    return _internal(error)


def plain_problem(status: int) -> Problem:
    """The problem for an answer of which only the status is known."""
    code = PLAIN_CODES.get(status) or PLAIN_CODES[500 if status >= 500 else 400]
    details = {
        400: _("The request cannot be understood."),
        401: _("You are not signed in."),
        403: _("You may not do this."),
        404: _("Not found."),
        405: _("This method is not possible here."),
        500: _("Something went wrong on our side. It has been noted."),
        503: _("The service is not available at the moment. Try again soon."),
    }
    headers = {"Retry-After": str(DATABASE_RETRY_SECONDS)} if status == 503 else {}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return Problem(status, code, details.get(status) or details[400], headers=headers)


# -- ours and DRF's ---------------------------------------------------------------------


def _domain(error: DomainError) -> Problem:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    headers |= error.headers
    errors = list(map(_triple, error.errors)) if isinstance(error, InvalidInput) else []
    return Problem(error.status, error.code, error.message, errors, error.extra, headers)


def _triple(fault: tuple[str, str, Any]) -> dict[str, str]:
    place, code, detail = fault
    if place.startswith("?"):
        return {"parameter": place[1:], "code": code, "detail": str(detail)}
    return {"pointer": place, "code": code, "detail": str(detail)}


def _validation(error: drf.ValidationError) -> Problem:
    kind = "parameter" if isinstance(error, InvalidQuery) else "pointer"
    errors = []
    for pointer, fault in _faults(error.detail):
        place = pointer[1:] if kind == "parameter" else pointer
        code = _snake_case(getattr(fault, "code", None), "invalid")
        errors.append({kind: place[:MAX_POINTER], "code": code, "detail": str(fault)})
        if len(errors) == MAX_ERRORS:
            break
    return Problem(400, "invalid_input", InvalidInput.default_message, errors)


def _django_validation(error: django_exceptions.ValidationError) -> Problem:
    return _validation(drf.ValidationError(get_error_detail(error)))


def _faults(detail: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """All faults in a nested `detail` of DRF, each with its JSON Pointer (RFC 6901).

    Members of lists come as `{index: ...}` (DRF 3.18) or as a padded list (before).
    """
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if name == api_settings.NON_FIELD_ERRORS_KEY:
                yield from _faults(inner, pointer)
            else:
                step = str(name).replace("~", "~0").replace("/", "~1")
                yield from _faults(inner, f"{pointer}/{step}")
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _faults(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        yield pointer, detail


def _unauthenticated(error: drf.APIException) -> Problem:
    # `status_code` of the instance is no use: DRF makes it 403 on views without a challenge.
    code, detail = _code_and_text(error)
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def _throttled(error: drf.Throttled) -> Problem:
    wait: float | None = getattr(error, "wait", None)
    seconds = ceil(wait) if wait is not None else 60
    detail = _("Too many requests. Try again later.")
    headers = {"Retry-After": str(max(1, seconds))}
    return Problem(429, "too_many_requests", detail, headers=headers)


def _unsupported(error: drf.UnsupportedMediaType) -> Problem:
    code, detail = _code_and_text(error)
    if code == "unsupported_media_type":  # DRF's text repeats the header, which may be anything
        detail = _("The body must be JSON: send it as application/json.")
    return Problem(415, code, detail)


def _api(error: drf.APIException) -> Problem:
    code, detail = _code_and_text(error)
    problem = Problem(error.status_code, code, detail)
    if problem.status >= 500:
        problem = plain_problem(problem.status)
        problem.log = "trace"
    return problem


def _code_and_text(error: drf.APIException) -> tuple[str, str]:
    detail: Any = error.detail
    if isinstance(detail, Mapping):  # SimpleJWT: {"detail": ..., "code": ..., "messages": [...]}
        code, detail = detail.get("code"), detail.get("detail", error.default_detail)
        return _snake_case(str(code), error.default_code), str(detail)
    if isinstance(detail, list):
        detail = detail[0] if detail else error.default_detail
    return _snake_case(getattr(detail, "code", None), error.default_code), str(detail)


def _snake_case(code: Any, default: str) -> str:
    text = re.sub("[^a-z0-9]+", "_", str(code or "").lower()).strip("_")
    return text if text and text != "none" else default


# -- Django's and Python's --------------------------------------------------------------


def _says(status: int, code: str, detail: str, *, log: str | None = None) -> Any:
    """A maker of always the same problem; `detail` is a msgid, translated when used."""
    return lambda error: Problem(status, code, _(detail), log=log)


def _plain(status: int, *, log: str | None = None) -> Any:
    def make(error: BaseException) -> Problem:
        problem = plain_problem(status)
        problem.log = log
        return problem

    return make


def _no_database(error: BaseException) -> Problem:
    problem = plain_problem(503)
    problem.code, problem.log = "database_unavailable", "line"
    return problem


def _operational(error: BaseException) -> Problem:
    """SQLite reports faults of statements with the same class as a locked file."""
    if type(error.__cause__).__module__ == "sqlite3" and _SQLITE_DEFECT.search(str(error)):
        return _internal(error)
    return _no_database(error)


def _database(error: DatabaseError) -> Problem:
    state = getattr(error.__cause__, "sqlstate", None)
    return _no_database(error) if state and _PASSING.fullmatch(state) else _internal(error)


def _integrity(error: IntegrityError) -> Problem:
    if hasattr(error, "protected_objects") or hasattr(error, "restricted_objects"):
        return Problem(409, "in_use", _("This is in use and cannot be deleted."))
    return Problem(409, "conflict", _("The present state does not allow this."), log="trace")


def _internal(error: BaseException) -> Problem:
    problem = plain_problem(500)
    problem.log = "trace"
    return problem


Kinds = type[BaseException] | tuple[type[BaseException], ...]
_TABLE: tuple[tuple[Kinds, Callable[[Any], Problem]], ...] = (
    (DomainError, _domain),
    (drf.ValidationError, _validation),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), _unauthenticated),
    (drf.MethodNotAllowed, _plain(405)),
    (drf.Throttled, _throttled),
    (drf.UnsupportedMediaType, _unsupported),
    (drf.APIException, _api),
    (Http404, _plain(404)),
    (django_exceptions.ObjectDoesNotExist, _plain(404, log="trace")),
    (django_exceptions.PermissionDenied, _plain(403)),
    (
        django_exceptions.RequestDataTooBig,
        _says(413, "body_too_large", gettext_noop("The body is too large.")),
    ),
    (
        (django_exceptions.TooManyFieldsSent, django_exceptions.TooManyFilesSent),
        _says(400, "too_many_parameters", gettext_noop("There are too many parameters.")),
    ),
    (
        django_exceptions.DisallowedHost,
        _says(400, "unknown_host", gettext_noop("This host is not served here.")),
    ),
    (
        (
            django_exceptions.SuspiciousOperation,
            django_exceptions.BadRequest,
            MultiPartParserError,
        ),
        _plain(400),
    ),
    (
        UnreadablePostError,
        _says(400, "body_incomplete", gettext_noop("The body did not arrive whole.")),
    ),
    (django_exceptions.ValidationError, _django_validation),
    (
        DataError,
        _says(400, "invalid", gettext_noop("A value cannot be stored."), log="trace"),
    ),
    (IntegrityError, _integrity),
    (OperationalError, _operational),
    (InterfaceError, _no_database),
    (DatabaseError, _database),
    (
        RecursionError,
        _says(400, "too_deep", gettext_noop("The input is nested too deeply."), log="trace"),
    ),
    (
        UnicodeError,
        _says(400, "invalid_text", gettext_noop("The input has invalid characters."), log="trace"),
    ),
    (
        OverflowError,
        _says(400, "number_out_of_range", gettext_noop("A number is out of range."), log="trace"),
    ),
)
