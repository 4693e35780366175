"""The catalogue of errors, executed: each kind is raised once and what leaves is looked at."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.core import exceptions as core
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from rest_framework import exceptions as drf

from bookbridge.kernel import errors, parsing
from bookbridge.kernel.problem_catalogue import CODES
from bookbridge.kernel.problem_mapping import problem_of
from bookbridge.kernel.tests.asking import INSIDE, Make, caused, get, problem

pytestmark = pytest.mark.urls("bookbridge.kernel.tests.error_urls")

CATALOGUE: list[tuple[Make, int, str]] = [
    # rules
    (lambda: errors.DomainError("Full.", "club_full"), 409, "club_full"),
    (lambda: errors.NotAllowed(), 403, "not_allowed"),
    (lambda: errors.Missing(), 404, "not_found"),
    (lambda: errors.Stale(), 412, "stale"),
    (lambda: errors.PreconditionRequired(), 428, "precondition_required"),
    (lambda: errors.KeyReused(), 422, "idempotency_key_reused"),
    (lambda: errors.Unavailable(), 503, "unavailable"),
    (lambda: errors.TooManyRequests(retry_after=9), 429, "too_many_requests"),
    (lambda: errors.Unauthenticated(), 401, "not_authenticated"),
    (lambda: errors.InvalidInput([("/isbn", "invalid_isbn", "No ISBN.")]), 400, "invalid_input"),
    # DRF
    (lambda: drf.ValidationError("wrong"), 400, "invalid_input"),
    (lambda: drf.ParseError(), 400, "parse_error"),
    (lambda: parsing.MalformedJson(), 400, "malformed_json"),
    (lambda: parsing.BodyTooLarge(), 413, "body_too_large"),
    (lambda: drf.NotAuthenticated(), 401, "not_authenticated"),
    (lambda: drf.AuthenticationFailed(), 401, "authentication_failed"),
    (
        lambda: drf.AuthenticationFailed(
            {"detail": "Bad token", "code": "token_not_valid", "messages": [INSIDE]}
        ),
        401,
        "token_not_valid",
    ),
    (lambda: drf.PermissionDenied(), 403, "permission_denied"),
    (lambda: drf.PermissionDenied("No.", "not-a member"), 403, "not_a_member"),
    (lambda: drf.NotFound(), 404, "not_found"),
    (lambda: drf.MethodNotAllowed("GET"), 405, "method_not_allowed"),
    (lambda: drf.NotAcceptable(), 406, "not_acceptable"),
    (lambda: drf.UnsupportedMediaType(INSIDE), 415, "unsupported_media_type"),
    (lambda: drf.Throttled(wait=2.1), 429, "too_many_requests"),
    (lambda: drf.Throttled(), 429, "too_many_requests"),
    (lambda: drf.APIException(INSIDE), 500, "internal_error"),
    (lambda: drf.APIException([]), 500, "internal_error"),
    # Django
    (lambda: Http404(INSIDE), 404, "not_found"),
    (lambda: core.ObjectDoesNotExist(INSIDE), 404, "not_found"),
    (lambda: core.PermissionDenied(INSIDE), 403, "permission_denied"),
    (lambda: core.RequestDataTooBig(INSIDE), 413, "body_too_large"),
    (lambda: core.TooManyFieldsSent(INSIDE), 400, "too_many_parameters"),
    (lambda: core.TooManyFilesSent(INSIDE), 400, "too_many_parameters"),
    (lambda: core.DisallowedHost(INSIDE), 400, "unknown_host"),
    (lambda: core.SuspiciousOperation(INSIDE), 400, "bad_request"),
    (lambda: core.BadRequest(INSIDE), 400, "bad_request"),
    (lambda: MultiPartParserError(INSIDE), 400, "bad_request"),
    (lambda: UnreadablePostError(INSIDE), 400, "body_incomplete"),
    (lambda: core.ValidationError("Too short.", code="too_short"), 400, "invalid_input"),
    # the database
    (lambda: DataError(INSIDE), 400, "invalid"),
    (lambda: IntegrityError(INSIDE), 409, "conflict"),
    (lambda: ProtectedError(INSIDE, set()), 409, "in_use"),
    (lambda: OperationalError(INSIDE), 503, "database_unavailable"),
    (lambda: InterfaceError(INSIDE), 503, "database_unavailable"),
    (
        lambda: caused(OperationalError(INSIDE), psycopg.errors.QueryCanceled()),
        503,
        "database_unavailable",
    ),
    (
        lambda: caused(OperationalError(INSIDE), psycopg.errors.LockNotAvailable()),
        503,
        "database_unavailable",
    ),
    (
        lambda: caused(OperationalError(INSIDE), psycopg.errors.DiskFull()),
        503,
        "database_unavailable",
    ),
    (
        lambda: caused(OperationalError("database is locked"), sqlite3.OperationalError()),
        503,
        "database_unavailable",
    ),
    (
        lambda: caused(OperationalError("no such column: a"), sqlite3.OperationalError()),
        500,
        "internal_error",
    ),
    (
        lambda: caused(DatabaseError(INSIDE), psycopg.errors.ReadOnlySqlTransaction()),
        503,
        "database_unavailable",
    ),
    (
        lambda: caused(DatabaseError(INSIDE), psycopg.errors.UndefinedTable()),
        500,
        "internal_error",
    ),
    (lambda: DatabaseError(INSIDE), 500, "internal_error"),
    # Python
    (lambda: RecursionError(INSIDE), 400, "too_deep"),
    (lambda: UnicodeEncodeError("utf-8", "\ud800", 0, 1, INSIDE), 400, "invalid_text"),
    (lambda: OverflowError(INSIDE), 400, "number_out_of_range"),
    (lambda: ZeroDivisionError(INSIDE), 500, "internal_error"),
    (lambda: KeyError(INSIDE), 500, "internal_error"),
]


@pytest.mark.parametrize(("make", "status", "code"), CATALOGUE)
@pytest.mark.parametrize("path", ["/api/v1/raise/", "/plain/"])
def test_every_kind_of_error_leaves_as_a_problem(
    path: str, make: Make, status: int, code: str
) -> None:
    response = get(path, make)

    problem(response, status, code)
    assert ("WWW-Authenticate" in response) == (status == 401)
    assert ("Retry-After" in response) == (status in (429, 503))


def test_each_code_of_the_catalogue_has_the_status_it_is_raised_with() -> None:
    for make, status, code in CATALOGUE:
        if code in CODES:
            assert CODES[code].status == status
        assert problem_of(make()).status == status
