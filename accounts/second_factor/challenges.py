"""The second step of signing in: the right password buys a challenge, a code redeems it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import sessions
from accounts.models import SecondFactor, Session, SignInChallenge, User
from accounts.second_factor.checking import Proof, guess, has_second_factor, use_up
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.transactions import transactional

#: How long somebody may look for their phone.
LIFETIME = timedelta(minutes=5)

Result = TypeVar("Result")


def require_second_factor(reader: User) -> None:
    """Ask for a code whoever gave the right password of an account with a second factor.

    Raises:
        Unauthenticated: `second_factor_required`, with `challenge` and `expires_in` (seconds).
    """
    if has_second_factor(reader.pk):
        raise Unauthenticated(
            _("Give a code of your authenticator app, or a recovery code."),
            "second_factor_required",
            challenge=new_challenge(reader),
            expires_in=int(LIFETIME.total_seconds()),
        )


def new_challenge(reader: User) -> str:
    """A secret that stands for the right password, for five minutes and one success."""
    expired_challenges().filter(reader=reader).delete()
    challenge = secrets.token_urlsafe(32)
    SignInChallenge.objects.create(
        digest=_digest(challenge),
        reader=reader,
        password_state=_password_state(reader),
        expires_at=timezone.now() + LIFETIME,
    )
    return challenge


def sign_in_with_code(
    *, challenge: str, proof: Proof, user_agent: str = "", address: str = ""
) -> Session:
    """Open a session for whoever answers the challenge.

    Raises: as `redeem`.
    """

    def open_session(reader: User) -> Session:
        return sessions.open_session(reader=reader, user_agent=user_agent, address=address)

    return redeem(challenge=challenge, proof=proof, then=open_session)


def redeem(*, challenge: str, proof: Proof, then: Callable[[User], Result]) -> Result:
    """What `then` makes of the reader whose challenge it is, in the transaction of the code.

    Raises:
        Unauthenticated: `invalid_challenge`, it is none, over, used, or the password or the
            second factor has changed since; `invalid_code`; `account_suspended`.
        TooManyRequests: too many wrong codes for this account; the code was not looked at.
    """
    row = SignInChallenge.objects.filter(digest=_digest(challenge)).first()
    if row is None or row.expires_at <= timezone.now():
        raise invalid_challenge()
    with guess(row.reader_id):
        return _redeem(row, proof, then)


def expired_challenges() -> QuerySet[SignInChallenge]:
    """Challenges that nobody answered in time."""
    return SignInChallenge.objects.filter(expires_at__lte=timezone.now())


def end_all(reader: User, reason: str) -> None:
    """Void every challenge: everything of this reader ends now."""
    SignInChallenge.objects.filter(reader=reader).delete()


def invalid_challenge() -> Unauthenticated:
    """The one answer to a challenge that is none, or is none any more."""
    message = _("This sign-in is over. Begin again with your password.")
    return Unauthenticated(message, "invalid_challenge")


@transactional
def _redeem(row: SignInChallenge, proof: Proof, then: Callable[[User], Result]) -> Result:
    reader = User.objects.visible().select_for_update(no_key=True).filter(pk=row.reader_id).first()
    factor = SecondFactor.objects.in_force().filter(reader=row.reader_id).first()
    if reader is None or factor is None:
        raise invalid_challenge()
    if not constant_time_compare(row.password_state, _password_state(reader)):
        raise invalid_challenge()
    if reader.is_suspended():
        raise sessions.account_suspended(reader)
    if not SignInChallenge.objects.filter(pk=row.pk).delete()[0]:
        raise invalid_challenge()  # another request was quicker
    use_up(factor, proof)
    return then(reader)


def _digest(challenge: str) -> str:
    return hashlib.sha256(challenge.encode()).hexdigest()


def _password_state(reader: User) -> str:
    return salted_hmac("bookbridge.challenge", reader.password, algorithm="sha256").hexdigest()
