"""Signing in: the limit on guesses, the password, the session."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import passwords, sessions
from accounts.models import Session, User
from accounts.second_factor.challenges import require_second_factor
from accounts.security.records import record_failure
from accounts.sessions import open_session
from accounts.signing_in import guessing
from bookbridge.kernel import limits
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.transactions import transactional


def sign_in(
    *,
    password: str,
    login: str | None = None,
    username: str | None = None,
    email: str | None = None,
    user_agent: str = "",
    address: str = "",
) -> Session:
    """Open a session for whoever knows the password of an account without a second factor.

    Raises:
        Unauthenticated: `second_factor_required` with a `challenge`; and as `recognise`.
    """
    reader = recognise(
        password=password,
        login=login,
        username=username,
        email=email,
        user_agent=user_agent,
        address=address,
    )
    require_second_factor(reader)
    return open_if_unchanged(reader, user_agent=user_agent, address=address)


def recognise(
    *,
    password: str,
    login: str | None = None,
    username: str | None = None,
    email: str | None = None,
    user_agent: str = "",
    address: str = "",
) -> User:
    """Who knows the password of an account; for the API and the admin, with the same limits.

    Exactly one of `login` (a username or an e-mail address), `username` and `email` is given.
    Unknown accounts take as long and count as much as known ones with a wrong password.

    Raises:
        TooManyRequests: too many failures, for the account or from the address; the password was
            not looked at.
        Unauthenticated: `invalid_credentials`; with the right password `account_suspended`.
        Unavailable: `busy`, too many are signing in at once.
    """
    passwords.require_room()  # before anything that costs: in a flood this is what most hear
    reader = _account(login=login, username=username, email=email)
    typed = (login or username or email or "").lower()
    places = guessing.sign_in_places(reader, typed, address)
    # Looked at before there is room, so that a flood meets the limit and not only the queue.
    _refuse(reader, limits.look(places))
    # Counting is inside: of a flood no more than these wait for the row that they all count in.
    with passwords.hashing_room():
        _refuse(reader, limits.reserve(places))
        try:
            right = _is_right(reader, password)
        except BaseException:
            limits.give_back(places)  # nobody looked at the password
            raise
        if reader is None or not right:
            record_failure(
                "sign_in_failed",
                reader_id=reader.pk if reader else None,
                user_agent=user_agent,
                address=address,
            )
            raise invalid_credentials()
        limits.give_back(places)
    if reader.is_suspended():
        raise sessions.account_suspended(reader)
    return reader


@transactional
def open_if_unchanged(reader: User, *, user_agent: str, address: str) -> Session:
    """Open a session for somebody recognised, unless the account changed meanwhile.

    Raises:
        Unauthenticated: `invalid_credentials`, when it was erased or got another password.
    """
    same = User.objects.select_for_update(no_key=True).filter(
        pk=reader.pk, password=reader.password, erased_at__isnull=True
    )
    current = same.first()
    if current is None:
        raise invalid_credentials()
    return open_session(reader=current, user_agent=user_agent, address=address)


def invalid_credentials() -> Unauthenticated:
    """The one answer to every failed sign-in."""
    return Unauthenticated(_("Login or password is wrong."), "invalid_credentials")


def _refuse(reader: User | None, verdict: limits.Verdict) -> None:
    if not verdict.allowed:
        guessing.tell_reader(reader, verdict)
        raise limits.refusal(verdict)


def _account(*, login: str | None, username: str | None, email: str | None) -> User | None:
    """The account meant. A username has no `@`, so `login` is never ambiguous."""
    if login is not None:
        username, email = (None, login) if "@" in login else (login, None)
    readers = User.objects.visible().filter(imported_at__isnull=True)
    if email is not None:
        return readers.filter(email=email.lower()).first()
    return readers.filter(username=(username or "").lower()).first()


def _is_right(reader: User | None, password: str) -> bool:
    if reader is None:
        passwords.waste_time_on(password)
        return False
    return reader.check_password(password)
