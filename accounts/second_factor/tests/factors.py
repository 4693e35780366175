"""Second factors for tests, and the codes that an app would show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
from django.utils import timezone

from accounts.models import RecoveryCode, SecondFactor, User
from accounts.second_factor import codes
from bookbridge.kernel.sealing import seal


def factor_of(reader: User) -> tuple[str, list[str]]:
    """Switch a second factor on; gives its secret and its recovery codes."""
    secret, now = codes.new_secret(), timezone.now()
    factor = SecondFactor.objects.create(
        reader=reader, sealed_secret=seal(secret), created_at=now, confirmed_at=now
    )
    shown = codes.new_recovery_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=codes.recovery_digest(secret, code)) for code in shown
    )
    return secret, shown


def code_of(secret: str, *, steps: int = 0) -> str:
    """The code shown now, or some steps of 30 seconds before or after."""
    moment = timezone.now() + steps * timedelta(seconds=codes.STEP_SECONDS)
    return pyotp.TOTP(secret).at(moment)


def wrong_code(secret: str) -> str:
    """Six digits that are the code of no step near by."""
    right = {code_of(secret, steps=steps) for steps in range(-3, 4)}
    return next(code for code in (f"{n:06}" for n in range(10)) if code not in right)


def told(answer: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]
