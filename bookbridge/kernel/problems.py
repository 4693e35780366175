"""Every error leaves as a problem document (RFC 9457), and all of them leave through here.

Four ways lead in: `exception_handler` for views of the API, `ProblemMiddleware` for exceptions of
plain views and for bare error pages, the `handler4xx` and `handler500` views for what Django
meets outside of views, and `problem_response` for whoever makes one by hand. The admin keeps its
own pages. What an exception becomes is decided in `problem_mapping.py`.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import Error as DjangoDatabaseError
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework.request import Request
from rest_framework.views import set_rollback

from bookbridge.kernel.problem_catalogue import title_of
from bookbridge.kernel.problem_mapping import Problem, plain_problem, problem_of
from bookbridge.kernel.redaction import redact
from bookbridge.kernel.rendering import to_json
from bookbridge.kernel.request_log import UNMATCHED, current_request_id, route_of

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "urn:bookbridge:problem:"
#: Characters of path and query, as sent; servers and proxies in front cut later.
MAX_ADDRESS = 4096
#: The most that a letter takes, each of its bytes as `%F0`: four in a path, which is decoded, two
#: in a query, which is not.
OF_PATH, OF_QUERY = 12, 6
ADMIN, API, SECRETS = "/admin/", "/api/", "/api/v1/auth/"

logger = logging.getLogger("bookbridge.error")


def problem_response(
    request: HttpRequest | Request | None,
    status: int,
    code: str,
    detail: str | Promise,
    *,
    errors: Sequence[Mapping[str, Any]] | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document.

    Arguments:
        code: stable and in snake_case; with `PROBLEM_TYPE_BASE` it makes the `type`.
        detail: a sentence for people, in their language.
        errors: items with `pointer` (or `parameter`), `code` and `detail`.
        extra: further members at the top level: `allowed`, `existing`, `candidates`, `until`.
        headers: such as `Retry-After`, `Allow`.
    """
    body: dict[str, Any] = {
        "type": getattr(settings, "PROBLEM_TYPE_BASE", TYPE_BASE) + code,
        "title": title_of(code, status),
        "status": status,
        "detail": str(detail),
        "code": code,
        "request_id": getattr(request, "request_id", None) or current_request_id() or "",
    }
    if errors:
        body["errors"] = list(errors)
    body = dict(extra or {}) | body
    response = HttpResponse(to_json(body), status=status, content_type=CONTENT_TYPE)
    secret = request is not None and request.path.startswith(SECRETS)
    response["Cache-Control"] = "no-store" if secret else "private, no-cache"
    response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    patch_vary_headers(response, ("Authorization", "Accept-Language"))
    for name, value in (headers or {}).items():
        response[name] = value
    # The log of requests tells of every answer; Django need not write a second line.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """The handler of all views of the API (`REST_FRAMEWORK["EXCEPTION_HANDLER"]`)."""
    set_rollback()
    response = error_response(context.get("request"), error)
    view = context.get("view")
    if response.status_code == 405 and view is not None:
        response["Allow"] = ", ".join(view.allowed_methods)
    return response


def error_response(request: HttpRequest | Request | None, error: BaseException) -> HttpResponse:
    """The problem that `error` becomes; logged when it is a fault of ours or the database's."""
    problem = problem_of(error)
    if problem.log:
        _log(request, error, problem)
    if problem.code == "database_unavailable":
        _drop_connections()
    return _respond(request, problem)


class ProblemMiddleware:
    """Turns exceptions of plain views, and error pages in HTML, into problem documents."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and look at what comes back."""
        if _is_too_long(request):
            with _language(request):
                return problem_response(
                    request, 414, "address_too_long", _("The address is too long.")
                )
        try:
            response = self.get_response(request)
        except Exception as error:  # only with DEBUG_PROPAGATE_EXCEPTIONS, or a middleware's own
            if _is_admin(request) or settings.DEBUG_PROPAGATE_EXCEPTIONS:
                raise
            return error_response(request, error)
        if response.status_code < 400 or _is_admin(request) or not _is_page(response):
            return response
        return _rewritten(request, response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that raised; the admin's exceptions go on to Django."""
        return None if _is_admin(request) else error_response(request, error)


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What Django refuses before it reaches a view: hosts, sizes, numbers of fields."""
    if _is_admin(request):
        return defaults.bad_request(request, exception or BadRequest())
    return _handled(request, exception, 400)


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Permission denied outside of the API's views."""
    if _is_admin(request):
        return defaults.permission_denied(request, exception or PermissionDenied())
    return _handled(request, exception, 403)


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such path; one that lacks only its last slash is told the right one."""
    if _is_admin(request):
        return defaults.page_not_found(request, exception or Resolver404())
    with _language(request):
        return _respond(request, _unknown_path(request))


def handler500(request: HttpRequest) -> HttpResponse:
    """The last resort, called while the exception is being handled."""
    if _is_admin(request):
        return defaults.server_error(request)
    return _handled(request, sys.exc_info()[1], 500)


def _handled(request: HttpRequest, error: BaseException | None, status: int) -> HttpResponse:
    with _language(request):
        if error is None:
            return _respond(request, plain_problem(status))
        return error_response(request, error)


def _respond(request: HttpRequest | Request | None, problem: Problem) -> HttpResponse:
    return problem_response(
        request,
        problem.status,
        problem.code,
        problem.detail,
        errors=problem.errors,
        extra=problem.extra,
        headers=problem.headers,
    )


def _rewritten(request: HttpRequest, page: HttpResponseBase) -> HttpResponse:
    """The problem in place of an error page, with the page's other headers and its cookies."""
    with _language(request):
        status = page.status_code
        problem = _unknown_path(request) if status == 404 else plain_problem(status)
        problem.status = status
        response = _respond(request, problem)
    for name, value in page.items():
        if name.lower() == "vary":
            patch_vary_headers(response, [part.strip() for part in value.split(",")])
        elif not name.lower().startswith("content-"):
            response[name] = value
    response.cookies = page.cookies
    return response


def _unknown_path(request: HttpRequest) -> Problem:
    problem = plain_problem(404)
    path = request.path_info
    if request.resolver_match is None and path.startswith(API) and not path.endswith("/"):
        try:
            resolve(f"{path}/", getattr(request, "urlconf", None))
        except Resolver404:
            return problem
        right = f"{request.path}/"
        problem.detail = _("Paths end with a slash here: {path}").format(path=right)
        problem.extra = {"did_you_mean": right}
    return problem


def _language(request: HttpRequest) -> AbstractContextManager[Any]:
    """The client's language, also where the middleware that chooses it has not run."""
    if hasattr(request, "LANGUAGE_CODE"):
        return nullcontext()
    return translation.override(translation.get_language_from_request(request))


def _is_too_long(request: HttpRequest) -> bool:
    path, query = request.path, request.META.get("QUERY_STRING", "")
    if len(path) * OF_PATH + len(query) * OF_QUERY < MAX_ADDRESS:  # however it is written
        return False
    return len(request.get_full_path()) > MAX_ADDRESS


def _is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith(ADMIN)


def _is_page(response: HttpResponseBase) -> bool:
    return response.get("Content-Type", "text/html").startswith("text/html")


def _log(request: HttpRequest | Request | None, error: BaseException, problem: Problem) -> None:
    """Tell the operators. Texts of the database may hold readers' data and stay out."""
    fields: dict[str, Any] = {
        "logger": logger.name,
        "message": f"{problem.code}: {type(error).__name__}",
        "method": getattr(request, "method", None),
        "route": UNMATCHED if request is None else route_of(request),
        "status": problem.status,
    }
    if not isinstance(error, DjangoDatabaseError):
        logger.error(fields["message"], exc_info=error, extra={"fields": fields})
        return
    cause = error.__cause__
    fields["sqlstate"] = getattr(cause, "sqlstate", None)
    fields["constraint"] = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if isinstance(error, OperationalError | InterfaceError):  # these speak of the server alone
        fields["reason"] = redact(str(error))
    if problem.log == "trace":
        fields["trace"] = "".join(traceback.format_tb(error.__traceback__))
    logger.error(fields["message"], extra={"fields": fields})


def _drop_connections() -> None:
    """Close connections that may be dead, so that the next request makes new ones."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
