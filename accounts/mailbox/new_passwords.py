"""Another password: by the present one, or by a link for who forgot it. Everything else ends."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import links, mail, passwords, sessions
from accounts.mailbox import limits
from accounts.mailbox.models import Purpose
from accounts.models import Session, User
from accounts.moderation.services import lock_account
from accounts.security.records import record_event
from accounts.sessions import open_session
from accounts.signing_in import guessing
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional


def change_password(
    *, by: User, current: str, new: str, user_agent: str = "", address: str = ""
) -> Session:
    """Replace one's password; every session ends, and a new one is given to who did it.

    Raises:
        InvalidInput: `wrong_password`; what `require_good_password` refuses.
        Unauthenticated: `session_ended`, when the password was changed from elsewhere meanwhile.
        TooManyRequests: too many wrong passwords.
        Unavailable: `busy`.
    """
    guessing.confirm_password(by, current, pointer="/current_password")
    passwords.require_good_password(new, owner=by, pointer="/new_password")
    encoded = make_password(passwords.normalized(new))
    return _change(by, encoded, user_agent=user_agent, address=address)


@transactional
def _change(by: User, encoded: str, *, user_agent: str, address: str) -> Session:
    row = lock_account(by)
    if row.password != by.password:
        raise sessions.session_ended()
    _replace(row, encoded, reason="password_changed")
    record_event("password_changed", reader_id=row.pk, address=address, user_agent=user_agent)
    return open_session(reader=row, user_agent=user_agent, address=address)


def ask_for_reset(*, address: str, client: str, language: str) -> None:
    """Mail a link that sets a new password; the older one is void.

    Always a mail, if the limits allow one: an address without account is told that it has none,
    and a suspended reader why and until when.

    Arguments:
        client: the address of the client, for the limit on mails.
        language: for a mail to somebody without account.
    """
    address = address.lower()
    if limits.may_mail(address, client=client):
        _ask_for_reset(address, language)


@transactional
def _ask_for_reset(address: str, language: str) -> None:
    holder = User.objects.visible().filter(email=address).first()
    opened = holder if holder is not None and holder.is_active else None
    lifetime = timedelta(minutes=settings.PASSWORD_LINK_MINUTES)
    token = links.issue(opened, Purpose.PASSWORD, lifetime=lifetime)
    if opened is not None:
        mail.send("password_reset", reader=opened, context={"token": token})
    elif holder is not None:
        until, reason = moment(holder.suspended_until), holder.suspension_reason
        mail.send("account_suspended", reader=holder, context={"reason": reason, "until": until})
    else:
        mail.send("password_reset_unknown", to=address, language=language)


def reset_password(*, token: str, password: str, user_agent: str = "", address: str = "") -> None:
    """Set a new password by a mailed link; every session ends.

    The network it comes from counts as the reader's own from then on, and failed sign-ins are
    forgotten: whoever reads the mailbox is not kept out by somebody who guesses.

    Raises:
        InvalidInput: `invalid_link`; what `require_good_password` refuses (the link stays good).
        TooManyRequests: too many links that were not good.
        Unavailable: `busy`.
    """
    with limits.guessing_links(address):
        reader = links.reader_behind(token, Purpose.PASSWORD)
        passwords.require_good_password(password, owner=reader)
        encoded = make_password(passwords.normalized(password))
        _reset(token, reader, encoded, user_agent=user_agent, address=address)
    guessing.begin_anew(reader)


@transactional
def _reset(token: str, reader: User, encoded: str, *, user_agent: str, address: str) -> None:
    try:
        row = lock_account(reader)
    except Missing:
        raise links.invalid_link() from None
    links.redeem(token, Purpose.PASSWORD, reader=row)
    _replace(row, encoded, reason="password_reset")
    record_event("password_reset", reader_id=row.pk, address=address, user_agent=user_agent)


def _replace(row: User, encoded: str, *, reason: str) -> None:
    row.password = encoded
    row.save(update_fields=["password", "updated_at"])
    sessions.end_everything(row, reason=reason)
    if row.email is not None:
        mail.send("password_changed", reader=row)
