"""What second factors know of a reader: when they began, never the secret."""

from __future__ import annotations

from typing import Any

from accounts.models import SecondFactor, SignInChallenge, User
from accounts.second_factor.services import codes_left
from bookbridge.kernel.shapes import moment

PERSONAL = {
    "accounts.SecondFactor": ["reader", "sealed_secret", "created_at", "confirmed_at", "last_step"],
    "accounts.RecoveryCode": ["digest", "used_at"],
    "accounts.SignInChallenge": ["reader", "digest", "password_state", "expires_at"],
}


def export_second_factor(reader: User) -> dict[str, Any] | None:
    """Since when sign-in asks for a code, and how many recovery codes are left."""
    factor = SecondFactor.objects.in_force().filter(reader=reader).first()
    if factor is None:
        return None
    return {
        "enabled_at": moment(factor.confirmed_at),
        "recovery_codes_left": codes_left(factor),
    }


def erase_second_factor(reader: User) -> None:
    """Remove the secret, the recovery codes, and sign-ins that wait for a code."""
    SignInChallenge.objects.filter(reader=reader).delete()
    SecondFactor.objects.filter(reader=reader).delete()
