"""`Idempotency-Key`: a POST that is sent twice happens once.

The kept answer is written in the transaction of the act itself. So it exists if and only if the
act happened, whatever becomes of the process in between, and an answer that is no success takes
everything with it and leaves the key free.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from bookbridge.kernel.compiled import answer_of
from bookbridge.kernel.errors import DomainError, InvalidInput, KeyReused
from bookbridge.kernel.inserting import insert_new
from bookbridge.kernel.models import IdempotencyKey
from bookbridge.kernel.rendering import to_json
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.transactions import one_act, transactional

HEADER = "Idempotency-Key"
HEADER_KEY = "HTTP_IDEMPOTENCY_KEY"
HEADER_CODE = "invalid_idempotency_key"
REPLAYED = "Idempotency-Replayed"
_CANONICAL = JSONEncoder(sort_keys=True, separators=(",", ":"))
WELL_FORMED = re.compile(r"[\x21-\x7e]{1,255}")
PURGE_CHANCE = 0.01
PURGE_AT_MOST = 200


def run_once(
    request: Request, handler: Callable[[], Answer], *, secret_fields: Sequence[str] = ()
) -> Answer:
    """The answer of `handler`, or the one kept for the same key, path, reader and body.

    For a POST of a signed-in reader whose visibility and role were checked already. `handler`
    runs in one transaction with the keeping of its answer, and again after a deadlock. Should the
    first request end just as this one begins, what `handler` did is undone and the first answer
    given. Fields of the answer named in `secret_fields` are kept as null: a secret is shown once.

    Raises:
        InvalidInput: 400 `invalid_idempotency_key`, the key is not 1 to 255 visible ASCII.
        KeyReused: 422 `idempotency_key_reused`, the key belongs to another body.
        DomainError: 409 `request_in_progress`, the first request is still under way.
    """
    key = request.META.get(HEADER_KEY)
    if key is None:
        return handler()
    if not WELL_FORMED.fullmatch(key):
        detail = _("Idempotency-Key must be 1 to 255 visible ASCII characters.")
        raise InvalidInput([("", HEADER_CODE, detail)], detail, HEADER_CODE)
    identity = {"user_id": request.user.pk, "path": _digest(request.path), "key": key}
    fingerprint = _digest(_canonical(request.data))
    act = partial(_act_or_replay, identity, fingerprint, handler, secret_fields)
    try:
        response = act()
    except DomainError:
        if not _was_kept(identity):
            raise
    else:
        if 200 <= response.status_code < 300 or not _was_kept(identity):
            return response
    # The first request ended while this one began, and its effects are what refused this one.
    return act()


@transactional
def _act_or_replay(
    identity: dict[str, Any],
    fingerprint: str,
    handler: Callable[[], Answer],
    secret_fields: Sequence[str],
) -> Answer:
    now = timezone.now()
    kept = _kept_for(identity)
    if kept is not None and kept.created_at > _oldest(now):
        if kept.fingerprint != fingerprint:
            raise KeyReused(_("This Idempotency-Key was used with another body."))
        return _replay(kept)
    with one_act():
        response = handler()
    if not 200 <= response.status_code < 300:
        transaction.set_rollback(True)
        return response
    if kept is not None:
        kept.delete()
    answer = IdempotencyKey(
        **identity,
        fingerprint=fingerprint,
        status=response.status_code,
        body=_kept_body(response.data, secret_fields),
        location=response.headers.get("Location", ""),
        etag_version=response.version,
        created_at=now,
    )
    if not insert_new(answer):
        raise _under_way()
    if random.random() < PURGE_CHANCE:  # noqa: S311
        transaction.on_commit(_purge_some, robust=True)
    return response


def expired() -> QuerySet[IdempotencyKey]:
    """Kept answers that are past their window."""
    return IdempotencyKey.objects.filter(created_at__lte=_oldest(timezone.now()))


def purge_expired(*, at_most: int = 10_000) -> int:
    """Delete kept answers that are past their window; gives how many."""
    old = expired()
    with transaction.atomic():
        # Rows that another purge, or the next use of a key, is working on are left to it.
        skips = connection.features.has_select_for_update_skip_locked
        locked = old.select_for_update(skip_locked=skips)
        keys = list(locked.values_list("pk", flat=True)[:at_most])
        return IdempotencyKey.objects.filter(pk__in=keys).delete()[0]


def forget(reader_id: int, username: str = "") -> None:
    """Delete what is kept for one reader who leaves, and answers to others that name them."""
    IdempotencyKey.objects.filter(user_id=reader_id).delete()
    if not username:
        return
    # A username is letters, digits, hyphens and underscores: in JSON it stands as it is.
    IdempotencyKey.objects.filter(body__contains=f'"{username}"').delete()
    IdempotencyKey.objects.filter(location__contains=f"/{username}/").delete()


def _purge_some() -> None:
    purge_expired(at_most=PURGE_AT_MOST)


def _kept_for(identity: dict[str, Any]) -> IdempotencyKey | None:
    """The answer kept under a key; refuse while the same key is in work.

    One statement takes the lock and looks. Should the first request end between the two, the
    look comes too early; then this one is refused by what the first one did, or finds its place
    taken in the end, is undone, and looks again. SQLite writes one transaction at a time anyway.
    """
    if connection.vendor != "postgresql":
        return IdempotencyKey.objects.filter(**identity).first()
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    sql, names = _taking_and_looking()
    asked = [number, identity["user_id"], identity["path"], identity["key"]]
    ((taken, *found),), _number = answer_of(connection, sql, asked)
    if not taken:
        raise _under_way()
    return IdempotencyKey.from_db(connection.alias, names, found) if found[0] else None


@cache
def _taking_and_looking() -> tuple[str, list[str]]:
    """The statement that takes the lock of a key and looks, and the fields that it finds."""
    fields = IdempotencyKey._meta.concrete_fields
    columns = ", ".join(f"kept.{field.column}" for field in fields)
    sql = (
        f"SELECT free.taken, {columns} "  # noqa: S608
        "FROM (SELECT pg_try_advisory_xact_lock(%s) AS taken) free "
        "LEFT JOIN kernel_idempotencykey kept "
        "ON kept.user_id = %s AND kept.path = %s AND kept.key = %s"
    )
    return sql, [field.attname for field in fields]


def _was_kept(identity: dict[str, Any]) -> bool:
    """Whether an answer is kept under a key, now that the transaction has ended."""
    kept = IdempotencyKey.objects.filter(**identity, created_at__gt=_oldest(timezone.now()))
    return kept.exists()


def _under_way() -> DomainError:
    return DomainError(
        _("The first request with this Idempotency-Key is still under way."),
        "request_in_progress",
        retry_after=1,
    )


def _replay(kept: IdempotencyKey) -> Answer:
    # The tag is made from the version and the body, for this answer as for the first.
    data = json.loads(kept.body) if kept.body else None
    response = Answer(data, status=kept.status, version=kept.etag_version)
    if kept.location:
        response["Location"] = kept.location
    response[REPLAYED] = "true"
    return response


def _kept_body(data: Any, secret_fields: Sequence[str]) -> str:
    if data is None:
        return ""
    if secret_fields and isinstance(data, dict):
        data = data | {name: None for name in secret_fields if name in data}
    return to_json(data).decode()


def _canonical(body: Any) -> str:
    return _CANONICAL.encode(body)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _oldest(now: datetime) -> datetime:
    return now - timedelta(hours=settings.IDEMPOTENCY_HOURS)
