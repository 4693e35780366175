"""Switching the second factor on and off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.moderation.services import lock_account
from accounts.second_factor import codes
from accounts.second_factor.checking import Proof, WrongCode, guess, open_secret, use_up
from accounts.security.records import record_event
from bookbridge.kernel.errors import DomainError, InvalidInput
from bookbridge.kernel.sealing import seal
from bookbridge.kernel.transactions import transactional

#: So long a secret waits for its first code.
WAITS_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Secret:
    """What an authenticator app needs, shown once."""

    base32: str
    address: str


def begin(*, reader: User) -> Secret:
    """Make a new secret; one that was not confirmed yet is replaced.

    That the reader is present (a recent sign-in, or the password) is checked by the caller.

    Raises:
        DomainError: 409 `second_factor_on`, there is one; it must be switched off first.
        Missing: the reader has left.
    """
    secret = codes.new_secret()
    _begin(reader, seal(secret))
    return Secret(secret, codes.otpauth_address(secret, reader.username))


def confirm(*, reader: User, code: str) -> list[str]:
    """Switch the second factor on with a first code; gives the recovery codes, this once.

    Sessions stay: whoever is signed in proved to be the reader already.

    Raises:
        DomainError: 409 `second_factor_on`; `second_factor_not_begun`, also after an hour.
        InvalidInput: 400 `invalid_code`.
        TooManyRequests: too many wrong codes.
    """
    factor = SecondFactor.objects.filter(reader=reader).first()
    if factor is not None and factor.confirmed_at is not None:
        raise _already_on()
    if factor is None or factor.created_at <= timezone.now() - WAITS_FOR:
        raise _not_begun()
    with _invalid_input("/code"), guess(reader.pk):
        return _confirm(factor, code)


def switch_off(*, reader: User, proof: Proof) -> None:
    """Switch the second factor off; its recovery codes go with it.

    That the sign-in is recent is checked by the caller.

    Raises:
        DomainError: 409 `second_factor_off`, there is none.
        InvalidInput: 400 `invalid_code`.
        TooManyRequests: too many wrong codes.
    """
    factor = SecondFactor.objects.in_force().filter(reader=reader).first()
    if factor is None:
        raise _is_off()
    pointer = "/code" if proof.recovery_code is None else "/recovery_code"
    with _invalid_input(pointer), guess(reader.pk):
        _switch_off(factor, proof)


@transactional
def reset(*, reader: User) -> bool:
    """Take the second factor from somebody who lost everything: for operators, on the record.

    Gives whether there was one.
    """
    was_on = SecondFactor.objects.in_force().filter(reader=reader).exists()
    SecondFactor.objects.filter(reader=reader).delete()
    if was_on:
        record_event("second_factor_reset", reader_id=reader.pk)
        mail.send("second_factor_off", reader=reader)
    return was_on


def codes_left(factor: SecondFactor) -> int:
    """How many recovery codes are still good."""
    return RecoveryCode.objects.filter(factor=factor, used_at__isnull=True).count()


def never_confirmed() -> QuerySet[SecondFactor]:
    """Secrets whose first code did not come in time."""
    waiting = SecondFactor.objects.filter(confirmed_at__isnull=True)
    return waiting.filter(created_at__lte=timezone.now() - WAITS_FOR)


@transactional
def _begin(reader: User, sealed: str) -> None:
    row = lock_account(reader)
    if SecondFactor.objects.in_force().filter(reader=row).exists():
        raise _already_on()
    SecondFactor.objects.filter(reader=row).delete()
    SecondFactor.objects.create(reader=row, sealed_secret=sealed, created_at=timezone.now())


@transactional
def _confirm(factor: SecondFactor, code: str) -> list[str]:
    secret, now = open_secret(factor), timezone.now()
    step = codes.matching_step(secret, code, now)
    if step is None:
        raise WrongCode()
    waiting = SecondFactor.objects.filter(pk=factor.pk, confirmed_at__isnull=True)
    if not waiting.update(confirmed_at=now, last_step=step):
        raise _not_begun()  # confirmed or begun again meanwhile
    shown = codes.new_recovery_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=codes.recovery_digest(secret, each)) for each in shown
    )
    record_event("second_factor_on", reader_id=factor.reader_id)
    mail.send("second_factor_on", reader=factor.reader)
    return shown


@transactional
def _switch_off(factor: SecondFactor, proof: Proof) -> None:
    use_up(factor, proof)
    if not SecondFactor.objects.filter(pk=factor.pk).delete()[0]:
        raise _is_off()
    record_event("second_factor_off", reader_id=factor.reader_id)
    mail.send("second_factor_off", reader=factor.reader)


@contextmanager
def _invalid_input(pointer: str) -> Iterator[None]:
    """Say of a wrong code that it is invalid input: 401 would mean that the sign-in is over."""
    try:
        yield
    except WrongCode as error:
        raise InvalidInput(
            [(pointer, error.code, error.message)], error.message, error.code
        ) from None


def _already_on() -> DomainError:
    message = _("The second factor is on already: switch it off before you set up another.")
    return DomainError(message, "second_factor_on")


def _is_off() -> DomainError:
    return DomainError(_("There is no second factor to switch off."), "second_factor_off")


def _not_begun() -> DomainError:
    return DomainError(_("Begin by asking for a secret."), "second_factor_not_begun")
