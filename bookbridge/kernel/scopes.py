"""What a credential may be used for: the scopes of personal tokens, in one place for all views.

Whoever is signed in holds a session and may do everything that is theirs to do; a credential
with `scopes` may do less. Safe methods need `read`, others `write`; what site moderators and
admins do needs `moderate` besides; what changes the account itself needs a session.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from bookbridge.kernel.errors import NotAllowed

if TYPE_CHECKING:
    from bookbridge.kernel.operations import Operation

READ, WRITE, MODERATE = SCOPES = ("read", "write", "moderate")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Below these paths everything is about the account itself.
OF_THE_SESSION = "/api/v1/auth/"


def needs_session(operation: Operation, path: str) -> bool:
    """Whether only a session will do."""
    return operation.session or path.startswith(OF_THE_SESSION)


def needed_scopes(operation: Operation, method: str, *, site_staff: bool) -> tuple[str, ...]:
    """The scopes that an operation needs, all of them.

    Arguments:
        site_staff: whether roles in the view's table are site roles.
    """
    first = READ if method in SAFE_METHODS else WRITE
    return (first, MODERATE) if site_staff and operation.role is not None else (first,)


def require_scopes(request: Any, operation: Operation, *, site_staff: bool) -> None:
    """Refuse what the credential of a request may not be used for.

    Raises:
        NotAllowed: `session_required`; `insufficient_scope`, with the challenge of RFC 6750.
    """
    granted: Collection[str] | None = getattr(request.auth, "scopes", None)
    if granted is None:
        return
    if needs_session(operation, request.path):
        message = _("A personal token does not open this: sign in for it.")
        raise NotAllowed(message, "session_required")
    needed = needed_scopes(operation, request.method, site_staff=site_staff)
    if not set(needed) <= set(granted):
        words = " ".join(needed)
        error = NotAllowed(
            _("This token has not the scope for it: {scopes}.").format(scopes=words),
            "insufficient_scope",
        )
        error.headers["WWW-Authenticate"] = (
            f'Bearer realm="bookbridge", error="insufficient_scope", scope="{words}"'
        )
        raise error
