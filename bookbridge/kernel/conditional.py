"""Conditional requests: ETag, If-None-Match, If-Match (RFC 9110, section 13).

A tag is `"<version>.<digest>"`. The version counts edits of the thing's own fields; the
digest covers whatever else shows. If-None-Match compares the whole tag, If-Match only the
version, so that a like does not make an editor's tag stale.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import Missing, PreconditionRequired, Stale

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

#: The versions a client accepts, or None when it did not say.
Versions = frozenset[int] | None

_TAG = re.compile(r'(?:W/)?"(\d{1,10})(?:\.[0-9a-f]*)?"')


def entity_tag(version: int, body: bytes) -> str:
    """The strong entity tag of a representation whose bytes are `body`."""
    return f'"{version}.{blake2b(body, digest_size=10).hexdigest()}"'


def is_unchanged(request: HttpRequest, tag: str) -> bool:
    """Whether If-None-Match names `tag` (weak comparison: proxies that compress add `W/`)."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if not header:
        return False
    if header.strip() == "*":
        return True
    return tag in {part.strip().removeprefix("W/") for part in header.split(",")}


def expected_versions(request: HttpRequest, *, required: bool = False) -> Versions:
    """The versions that If-Match accepts; None without the header or for `*`.

    Raises:
        PreconditionRequired: 428 `precondition_required`, when `required` and absent.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None:
        if required:
            raise PreconditionRequired(
                _("Send the ETag you last read in If-Match."), "precondition_required"
            )
        return None
    if header.strip() == "*":
        return None
    return frozenset(int(match) for match in _TAG.findall(header))


def check_version(thing: Any, expected: Versions, *, column: str = "version") -> None:
    """Refuse when `thing`, locked by the caller, is not in an expected version.

    Raises:
        Stale: 412 `stale`.
    """
    if expected is not None and getattr(thing, column) not in expected:
        raise stale()


def compare_and_set(
    queryset: QuerySet[Any, Any], expected: Versions, *, column: str = "version", **changes: Any
) -> None:
    """Write `changes` to the one row of `queryset` in one statement, if still as expected.

    The statement also counts the edit in `column`.

    Raises:
        Stale: 412 `stale`, when the row was edited meanwhile.
        Missing: 404 `not_found`, when the row is gone.
    """
    changes[column] = F(column) + 1
    wanted = queryset if expected is None else queryset.filter(**{f"{column}__in": expected})
    if wanted.update(**changes):
        return
    if queryset.exists():
        raise stale()
    raise Missing()


def edited(thing: Model, changes: dict[str, Any]) -> dict[str, Any]:
    """Those of `changes` that differ from what `thing` holds."""
    return {name: value for name, value in changes.items() if getattr(thing, name) != value}


def stale() -> Stale:
    """The answer to an edit of a version that is not the current one."""
    return Stale(_("This was changed meanwhile. Read it again, then repeat your change."), "stale")
