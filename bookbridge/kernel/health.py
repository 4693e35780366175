"""Whether the program lives, and whether it can serve: for supervisors and load balancers.

Plain views: no authentication, no limits, no session stands between them and who asks.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.cache import redis_cache
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox import broker
from bookbridge.kernel.outbox.services import late
from bookbridge.kernel.problems import problem_response
from bookbridge.kernel.replicas import replicas

View = Callable[[HttpRequest], HttpResponse]

OK, DOWN, MISSING, UNKNOWN, LATE = "ok", "down", "missing", "unknown", "late"
RETRY_SECONDS = "5"

logger = logging.getLogger(__name__)

# Migrations are never taken back under a running program, so a good answer stays good.
_migrated = threading.Event()


def _only_reads(view: View) -> View:
    @functools.wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            detail = _("This method is not possible here.")
            allow = {"Allow": "GET, HEAD"}
            return problem_response(request, 405, "method_not_allowed", detail, headers=allow)
        response = view(request)
        response["Cache-Control"] = "no-store"
        return response

    return checked


@_only_reads
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches neither database nor cache, whose faults it cannot heal."""
    return JsonResponse({"status": OK})


@_only_reads
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served, and what each part says.

    200 `ok`; 200 `degraded` without the cache server or a replica of the database, or while jobs
    wait for a worker or a broker that is away: BookBridge can do without for a while; 503 when
    the database does not answer or lacks migrations.
    """
    database = _database()
    checks = {
        "database": database,
        "migrations": _migrations() if database == OK else UNKNOWN,
        "cache": _cache(),
    }
    if settings.DATABASE_REPLICAS:
        checks |= _replicas() if database == OK else {}
    checks["outbox"] = _outbox() if checks["migrations"] == OK else UNKNOWN
    if database != OK or checks["migrations"] != OK:
        return problem_response(
            request,
            503,
            "unavailable",
            _("The service is not available at the moment. Try again soon."),
            extra={"checks": checks},
            headers={"Retry-After": RETRY_SECONDS},
        )
    well = all(check == OK for check in checks.values())
    return JsonResponse({"status": OK if well else "degraded", "checks": checks})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        connection.close()
        return DOWN
    return OK


def _replicas() -> dict[str, str]:
    try:
        return replicas.states()
    except DatabaseError:
        return dict.fromkeys(settings.DATABASE_REPLICAS, UNKNOWN)


def _migrations() -> str:
    if _migrated.is_set():
        return OK
    try:
        executor = MigrationExecutor(connection)
        unapplied = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return UNKNOWN
    if unapplied:
        logger.warning("%d migrations are not applied.", len(unapplied))
        return MISSING
    _migrated.set()
    return OK


def _cache() -> str:
    cache = redis_cache()
    return OK if cache is None or cache.ping() else DOWN


def _outbox() -> str:
    """Whether what is due is done: not, when it waits for a worker or for the broker."""
    try:
        if broker.away.is_set() and OutboxJob.objects.due(timezone.now()).exists():
            return DOWN
        return LATE if late().exists() else OK
    except DatabaseError:
        return UNKNOWN
