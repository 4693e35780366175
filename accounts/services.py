"""What readers do with their accounts, and what site staff does to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import passwords, sessions, usernames
from accounts.leaving.services import erase_reader, leave
from accounts.models import SITE_ROLES, RetiredUsername, Session, User
from accounts.moderation.services import (
    lock_account,
    reinstate_reader,
    suspend_reader,
    warn_reader,
)
from accounts.querysets import SEARCH_TEXT_LENGTH
from accounts.security.records import record_event, record_failure
from accounts.sessions import open_session
from bookbridge.kernel.addresses import address_key
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, compare_and_set, edited
from bookbridge.kernel.errors import DomainError, InvalidInput, Unauthenticated
from bookbridge.kernel.limits import refusal, sign_in_limit
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import refuse_duplicate, transactional

__all__ = [
    "edit_profile",
    "erase_reader",
    "leave",
    "open_session",
    "recognise",
    "register",
    "reinstate_reader",
    "set_roles",
    "sign_in",
    "sign_out",
    "suspend_reader",
    "warn_reader",
]


def register(
    *, username: str, email: str, password: str, display_name: str = "", language: str = "en"
) -> User:
    """Make an account. Its address counts as verified: verification is not asked for here.

    Raises:
        InvalidInput: `username_reserved`; what `require_good_password` refuses.
        DomainError: `username_taken` (also by somebody who left), `email_taken`.
    """
    username, email = username.lower(), email.lower()
    if usernames.is_reserved(username):
        message = _("This username is reserved.")
        fault = ("/username", "username_reserved", message)
        raise InvalidInput([fault], message, "username_reserved")
    reader = User(
        username=username,
        email=email,
        email_verified_at=timezone.now(),
        display_name=display_name,
        language=language,
        search_text=_search_text(username, display_name),
    )
    passwords.require_good_password(password, owner=reader)
    _require_free(username, email)
    reader.set_password(password)  # outside the transaction: it takes long
    return _save_new(reader)


@transactional
def _save_new(reader: User) -> User:
    reader.pk = None  # a second try of the transaction inserts again
    with (
        refuse_duplicate(_username_taken, "accounts_user_username_key"),
        refuse_duplicate(_email_taken, "reader_email_unique"),
    ):
        reader.save(force_insert=True)
    # Once more, after the insert: its holder may have left while the insert waited for the name.
    _require_not_retired(reader.username)
    record_event("registered", reader_id=reader.pk)
    announce("reader", by_id=reader.pk)
    return reader


def sign_in(
    *,
    password: str,
    login: str | None = None,
    username: str | None = None,
    email: str | None = None,
    user_agent: str = "",
    address: str = "",
) -> Session:
    """Open a session for whoever knows the password of an account.

    Raises: as `recognise`.
    """
    reader = recognise(
        password=password, login=login, username=username, email=email, address=address
    )
    return _open_if_unchanged(reader, user_agent=user_agent, address=address)


def recognise(
    *,
    password: str,
    login: str | None = None,
    username: str | None = None,
    email: str | None = None,
    address: str = "",
) -> User:
    """Who knows the password of an account; for the API and the admin, with the same limits.

    Exactly one of `login` (a username or an e-mail address), `username` and `email` is given.
    Unknown accounts take as long and count as much as known ones with a wrong password.

    Raises:
        TooManyRequests: ten failures in five minutes, for the account or from the address; the
            password was not looked at.
        Unauthenticated: `invalid_credentials`; with the right password `account_suspended`.
        Unavailable: `busy`, too many are signing in at once.
    """
    reader = _account(login=login, username=username, email=email)
    typed = (login or username or email or "").lower()
    account = f"account:{reader.pk}" if reader else f"unknown:{typed}"
    limit, keys = sign_in_limit(), [account, f"address:{address_key(address)}"]
    verdict = limit.reserve(keys)
    if not verdict.allowed:
        raise refusal(verdict)
    try:
        right = _is_right(reader, password)
    except BaseException:
        limit.give_back(keys)  # nobody looked at the password
        raise
    if reader is None or not right:
        reader_id = reader.pk if reader else None
        record_failure("sign_in_failed", reader_id=reader_id, address=address)
        raise invalid_credentials()
    limit.give_back(keys)
    if reader.is_suspended():
        raise sessions.account_suspended(reader)
    return reader


@transactional
def _open_if_unchanged(reader: User, *, user_agent: str, address: str) -> Session:
    """Open the session unless the account was erased or got another password meanwhile."""
    same = User.objects.select_for_update(no_key=True).filter(
        pk=reader.pk, password=reader.password, erased_at__isnull=True
    )
    current = same.first()
    if current is None:
        raise invalid_credentials()
    return open_session(reader=current, user_agent=user_agent, address=address)


@transactional
def sign_out(*, session: Session, others: Iterable[Session] = ()) -> None:
    """End a session, and with it the access token in hand; `others` are of the same reader."""
    for ended in (session, *others):
        sessions.revoke(session=ended, reason="signed_out")
        record_event("signed_out", reader_id=ended.reader_id, session=ended.pk)


def edit_profile(*, by: User, changes: dict[str, Any], expected: Versions = None) -> None:
    """Change `display_name`, `bio`, `language` and `time_zone` of oneself, as far as given.

    Raises:
        Stale: `stale`, when the profile is in none of the `expected` versions.
    """
    new = edited(by, changes)
    if not new:
        check_version(by, expected)
        return
    if "display_name" in new:
        new["search_text"] = _search_text(by.username, new["display_name"])
    reader = User.objects.visible().filter(pk=by.pk)
    compare_and_set(reader, expected, updated_at=timezone.now(), **new)
    announce("reader", by_id=by.pk)


@transactional
def set_roles(*, reader: User, roles: Iterable[str], by: User | None = None) -> None:
    """Give a reader exactly these site roles; who has any may enter the admin site.

    Raises:
        InvalidInput: `invalid_choice` for a role that there is not.
        Missing: the reader has left.
    """
    wanted = set(roles)
    if unknown := wanted.difference(SITE_ROLES):
        message = _("There is no such role: {role}").format(role=min(unknown))
        raise InvalidInput([("/roles", "invalid_choice", message)])
    locked = lock_account(reader)
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in SITE_ROLES}
    locked.groups.remove(*(groups[name] for name in SITE_ROLES if name not in wanted))
    locked.groups.add(*(groups[name] for name in SITE_ROLES if name in wanted))
    reader.is_staff = locked.is_staff = bool(wanted) or locked.is_superuser
    locked.save(update_fields=["is_staff", "updated_at"])
    by_id = by.pk if by else None
    record_event("roles_changed", reader_id=reader.pk, by_id=by_id, roles=sorted(wanted))


def invalid_credentials() -> Unauthenticated:
    """The one answer to every failed sign-in."""
    return Unauthenticated(_("Login or password is wrong."), "invalid_credentials")


def _account(*, login: str | None, username: str | None, email: str | None) -> User | None:
    """The account meant. A username has no `@`, so `login` is never ambiguous."""
    if login is not None:
        username, email = (None, login) if "@" in login else (login, None)
    readers = User.objects.visible().filter(imported_at__isnull=True)
    if email is not None:
        return readers.filter(email=email.lower(), email_verified_at__isnull=False).first()
    return readers.filter(username=(username or "").lower()).first()


def _is_right(reader: User | None, password: str) -> bool:
    if reader is None:
        passwords.waste_time_on(password)
        return False
    return reader.check_password(password)


def _require_free(username: str, email: str) -> None:
    """Answer early, before a password is hashed for nothing; the constraints decide."""
    if User.objects.filter(username=username).exists():
        raise _username_taken()
    _require_not_retired(username)
    if User.objects.filter(email=email).exists():
        raise _email_taken()


def _require_not_retired(username: str) -> None:
    if RetiredUsername.objects.filter(digest__in=usernames.digests(username)).exists():
        raise _username_taken()


def _username_taken() -> DomainError:
    return DomainError(_("This username is taken."), "username_taken")


def _email_taken() -> DomainError:
    return DomainError(_("There is an account with this e-mail address."), "email_taken")


def _search_text(username: str, display_name: str) -> str:
    return searchable(username, display_name)[:SEARCH_TEXT_LENGTH]
