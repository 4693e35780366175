"""What a reader's account must be for an operation: staying, and with an address that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import NotAllowed
from bookbridge.kernel.shapes import moment

if TYPE_CHECKING:
    from bookbridge.kernel.operations import Operation


def require_staying(viewer: Any | None, operation: Operation) -> None:
    """Who asked to leave may only do what says so, whatever they signed in with.

    Raises:
        NotAllowed: `account_leaving`, with `until`.
    """
    until = getattr(viewer, "leaves_at", None)
    if until is not None and not operation.while_leaving:
        message = _("You asked to leave. Restore your account first.")
        raise NotAllowed(message, "account_leaving", until=moment(until))


def require_verified(viewer: Any | None, operation: Operation) -> None:
    """Refuse a reader whose address waits for its link, where the operation asks for one.

    Raises:
        NotAllowed: `email_unverified`.
    """
    if not (operation.verified and settings.EMAIL_VERIFICATION):
        return
    if viewer is not None and not viewer.email_verified:
        raise NotAllowed(_("Confirm your e-mail address first."), "email_unverified")
