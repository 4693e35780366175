"""How often passwords may be guessed: for an account, from an address, in five minutes, in a day.

Places are taken before a password is hashed. Networks from which the account was signed in to
before count apart, so that a stranger who uses an account's places up keeps no owner out.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import SecurityTrace, User
from accounts.security.records import record_event
from bookbridge.kernel import limits
from bookbridge.kernel.addresses import address_key, address_prefix
from bookbridge.kernel.errors import InvalidInput
from bookbridge.kernel.limits import Place, SecurityLimit, sign_in_limit
from bookbridge.kernel.transactions import transactional

DAY_SECONDS = 24 * 60 * 60
#: Events after which a network counts as the reader's own, and for how long.
AT_HOME = ("signed_in", "password_reset")
AT_HOME_FOR = timedelta(days=90)
#: The key of nobody.
NOBODY = 0


def day_limit() -> SecurityLimit:
    """Failed sign-ins of one account in a day."""
    quota = settings.SIGN_IN_FAILURES_A_DAY
    # A name and an address that count apart have half of it each.
    return SecurityLimit(
        "sign-in-day", quota // 2 if settings.EMAIL_VERIFICATION else quota, DAY_SECONDS
    )


def telling_limit() -> SecurityLimit:
    """Mails in a day that tell a reader that somebody guesses."""
    return SecurityLimit("sign-in-locked", 1, DAY_SECONDS)


def sign_in_places(reader: User | None, typed: str, address: str) -> list[Place]:
    """The places that one attempt to sign in takes.

    Arguments:
        reader: whose account it is, if it is anybody's.
        typed: the username or e-mail address that was given, in lower case.
        address: of the client.
    """
    account = _account_key(reader, typed)
    network = address_prefix(address)
    if _is_at_home(reader, network):
        account = f"{account} at {network}"
    return [
        (sign_in_limit(), account),
        (sign_in_limit(), f"address:{address_key(address)}"),
        (day_limit(), account),
    ]


def begin_anew(reader: User) -> None:
    """Forget the failures of an account: its reader has shown that the mailbox is theirs."""
    typed = [name for name in (reader.username, reader.email) if name]
    keys = {_account_key(reader, name) for name in typed}
    limits.forget([(limit, key) for key in keys for limit in (sign_in_limit(), day_limit())])


def tell_reader(reader: User | None, verdict: limits.Verdict) -> None:
    """Mail a reader, once a day, when the failures of a whole day are used up."""
    if reader is None or verdict.limit.name != day_limit().name:
        return
    if telling_limit().reserve([f"account:{reader.pk}"]).allowed:
        _send(reader)


def confirm_password(reader: User, password: str, *, pointer: str) -> None:
    """Hold somebody who is signed in to the password of the account.

    These failures count apart: who holds a session is not kept out by guesses from elsewhere, and
    who holds a stolen one may guess as rarely as anybody.

    Arguments:
        pointer: where in the body the password stands.

    Raises:
        InvalidInput: `wrong_password`.
        TooManyRequests: too many wrong ones; it was not looked at.
        Unavailable: `busy`.
    """
    places = [(limit, f"confirm:{reader.pk}") for limit in (sign_in_limit(), day_limit())]
    verdict = limits.reserve(places)
    if not verdict.allowed:
        raise limits.refusal(verdict)
    right = None
    try:
        right = reader.check_password(password)
    finally:
        if right is not False:  # right, or nobody looked
            limits.give_back(places)
    if not right:
        message = _("This is not your password.")
        raise InvalidInput([(pointer, "wrong_password", message)], message, "wrong_password")


@transactional
def _send(reader: User) -> None:
    record_event("sign_in_locked", reader_id=reader.pk)
    if reader.email:
        mail.send("sign_in_locked", reader=reader)


def _account_key(reader: User | None, typed: str) -> str:
    """What the failures of an account count as.

    Where addresses are secret each way to name an account counts apart; else a username whose
    places are used up would tell to which address it belongs.
    """
    if reader is None or settings.EMAIL_VERIFICATION:
        return f"login:{typed}"
    return f"account:{reader.pk}"


def _is_at_home(reader: User | None, network: str) -> bool:
    """Whether the account was signed in to from this network; asks as much about nobody."""
    return SecurityTrace.objects.filter(
        event__reader_id=reader.pk if reader else NOBODY,
        event__kind__in=AT_HOME,
        address_prefix=network,
        created_at__gt=timezone.now() - AT_HOME_FOR,
    ).exists()
