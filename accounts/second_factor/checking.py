"""Whether a code is right, with a limit on guesses: each code is good once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail
from accounts.second_factor import codes
from accounts.second_factor.models import RecoveryCode, SecondFactor
from accounts.security.records import record_event
from bookbridge.kernel.errors import Unauthenticated, Unavailable
from bookbridge.kernel.limits import SecurityLimit, refusal
from bookbridge.kernel.sealing import CannotOpen, unseal

logger = logging.getLogger("bookbridge.security")

DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Proof:
    """What somebody shows: exactly one of a code of the app and a recovery code."""

    code: str | None = None
    recovery_code: str | None = None


class WrongCode(Unauthenticated):
    """The code is wrong, or was used before: 401 `invalid_code`."""

    default_code = "invalid_code"
    default_message = gettext_lazy("This code is not right, or it has been used.")


def has_second_factor(reader_id: int) -> bool:
    """Whether sign-in asks this reader for a code."""
    return SecondFactor.objects.in_force().filter(reader=reader_id).exists()


@contextmanager
def guess(reader_id: int) -> Iterator[None]:
    """Around the check of a code: takes a place before it, and gives it back when it was right.

    To be used outside a transaction. A `WrongCode` is noted on the security record.

    Raises:
        TooManyRequests: five wrong codes in five minutes or fifty in a day; the block is not run.
    """
    key, taken = [f"account:{reader_id}"], list[SecurityLimit]()
    for limit in limits_on_guesses():
        verdict = limit.reserve(key)
        if not verdict.allowed:
            _give_back(taken, key)
            raise refusal(verdict)
        taken.append(limit)
    try:
        yield
    except WrongCode:
        record_event("second_factor_failed", reader_id=reader_id)
        raise
    except BaseException:
        _give_back(taken, key)  # nobody learnt whether the code was right
        raise
    _give_back(taken, key)


def limits_on_guesses() -> tuple[SecurityLimit, SecurityLimit]:
    """Wrong codes of one account: in a short while, and in a day."""
    return (
        SecurityLimit(
            "second-factor",
            settings.SECOND_FACTOR_FAILURES,
            settings.SECOND_FACTOR_WINDOW_SECONDS,
        ),
        SecurityLimit("second-factor-day", settings.SECOND_FACTOR_FAILURES_A_DAY, DAY_SECONDS),
    )


def use_up(factor: SecondFactor, proof: Proof) -> None:
    """Accept a code and make it worthless, in one statement: of many at once one succeeds.

    To be called in the transaction of what the code is for. The reader is told by mail when a
    recovery code was used.

    Raises:
        WrongCode: 401 `invalid_code`, wrong or used.
        Unavailable: 503 `second_factor_unreadable`, its secret cannot be opened.
    """
    secret = open_secret(factor)
    if proof.recovery_code is None:
        _use_step(factor, secret, proof.code or "")
    else:
        _use_recovery_code(factor, secret, proof.recovery_code)


def open_secret(factor: SecondFactor) -> str:
    """The secret in base32.

    Raises:
        Unavailable: 503 `second_factor_unreadable`: its sealing key is gone.
    """
    try:
        return unseal(factor.sealed_secret)
    except CannotOpen as error:
        line = {"message": "second_factor_unreadable", "reader_id": factor.reader_id}
        logger.error("second_factor_unreadable", extra={"fields": line})
        message = _("The second factor of this account cannot be read. Ask the operators.")
        raise Unavailable(message, "second_factor_unreadable") from error


def _use_step(factor: SecondFactor, secret: str, code: str) -> None:
    step = codes.matching_step(secret, code, timezone.now())
    if step is None:
        raise WrongCode()
    if not SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step):
        raise WrongCode()


def _use_recovery_code(factor: SecondFactor, secret: str, code: str) -> None:
    unused = RecoveryCode.objects.filter(factor=factor, used_at__isnull=True)
    digest = codes.recovery_digest(secret, code)
    if not unused.filter(digest=digest).update(used_at=timezone.now()):
        raise WrongCode()
    left = unused.count()
    record_event("recovery_code_used", reader_id=factor.reader_id, left=left)
    mail.send("recovery_code_used", reader=factor.reader, context={"left": left})


def _give_back(taken: list[SecurityLimit], key: list[str]) -> None:
    for limit in taken:
        limit.give_back(key)
