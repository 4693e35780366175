"""Making an account, with an address that counts at once or that waits for its link."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import passwords, usernames
from accounts.mailbox import addresses, limits
from accounts.models import RetiredUsername, User
from accounts.population import count_readers
from accounts.querysets import SEARCH_TEXT_LENGTH
from accounts.security.records import record_event
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.errors import DomainError, InvalidInput
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import refuse_duplicate, transactional


def register(
    *,
    username: str,
    email: str,
    password: str,
    display_name: str = "",
    language: str = "en",
    vouched: bool = False,
) -> User:
    """Make an account.

    Where verification is on, its address waits for the link that is mailed to it; when it is
    somebody's already, a mail to that reader goes in its place, and the asker sees no difference.
    Where it is off, the address counts at once.

    Arguments:
        vouched: the operators say whose address it is; nothing is mailed.

    Raises:
        InvalidInput: `username_reserved`; what `require_good_password` refuses.
        DomainError: `username_taken` (also by somebody who left); `email_taken`, only where
            the address counts at once.
    """
    username, email = username.lower(), email.lower()
    if usernames.is_reserved(username):
        message = _("This username is reserved.")
        fault = ("/username", "username_reserved", message)
        raise InvalidInput([fault], message, "username_reserved")
    waits = settings.EMAIL_VERIFICATION and not vouched
    reader = User(
        username=username,
        email=None if waits else email,
        email_verified_at=None if waits else timezone.now(),
        pending_email=email if waits else None,
        display_name=display_name,
        language=language,
        search_text=search_text(username, display_name),
    )
    passwords.require_good_password(password, owner=reader)
    _require_free(reader)
    reader.set_password(password)  # outside the transaction: it takes long
    return _save_new(reader, mailed=waits and limits.may_mail(email))


@transactional
def _save_new(reader: User, *, mailed: bool) -> User:
    reader.pk = None  # a second try of the transaction inserts again
    with (
        refuse_duplicate(_username_taken, "accounts_user_username_key"),
        refuse_duplicate(addresses.email_taken, "reader_email_unique"),
    ):
        reader.save(force_insert=True)
    # Once more, after the insert: its holder may have left while the insert waited for the name.
    _require_not_retired(reader.username)
    record_event("registered", reader_id=reader.pk)
    if mailed:
        addresses.offer(reader)
    announce("reader", by_id=reader.pk)
    count_readers([reader.pk])
    return reader


def search_text(username: str, display_name: str) -> str:
    """What a search for readers looks at."""
    return searchable(username, display_name)[:SEARCH_TEXT_LENGTH]


def _require_free(reader: User) -> None:
    """Answer early, before a password is hashed for nothing; the constraints decide."""
    if User.objects.filter(username=reader.username).exists():
        raise _username_taken()
    _require_not_retired(reader.username)
    if reader.email is not None and User.objects.filter(email=reader.email).exists():
        raise addresses.email_taken()


def _require_not_retired(username: str) -> None:
    if RetiredUsername.objects.filter(digest__in=usernames.digests(username)).exists():
        raise _username_taken()


def _username_taken() -> DomainError:
    return DomainError(_("This username is taken."), "username_taken")
