"""Codes: of the authenticator app by time (RFC 6238), and those for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from django.conf import settings

#: Seconds that one code is shown for.
STEP_SECONDS = 30
#: So many steps a clock may be behind or ahead.
DRIFT_STEPS = 1
RECOVERY_CODES = 10
#: Without what is easily mistaken for something else: 32 letters and digits, 5 bits each.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
#: Three groups of four: 60 bits.
GROUPS, GROUP_LENGTH = 3, 4


def new_secret() -> str:
    """A secret of 160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32(32)


def otpauth_address(secret: str, username: str) -> str:
    """The address that authenticator apps read, as a link or as a QR code."""
    made: str = pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
        name=username, issuer_name=settings.SECOND_FACTOR_ISSUER
    )
    return made


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one or one beside it; None for a wrong code.

    Takes as long whichever step it is.
    """
    digits = code.replace(" ", "")
    totp, current = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes to be written down: `k7mn-2pxw-9dfa`."""
    return [_recovery_code() for _n in range(RECOVERY_CODES)]


def recovery_digest(secret: str, code: str) -> str:
    """What is kept of a recovery code; spaces, hyphens and capitals make no difference."""
    plain = code.lower().replace("-", "").replace(" ", "")
    return hmac.new(secret.encode(), f"recovery:{plain}".encode(), hashlib.sha256).hexdigest()


def _recovery_code() -> str:
    groups = (
        "".join(secrets.choice(ALPHABET) for _n in range(GROUP_LENGTH)) for _g in range(GROUPS)
    )
    return "-".join(groups)
