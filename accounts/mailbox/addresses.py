"""E-mail addresses: shown to be one's own by a link, asked for again, changed."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import links, mail, sessions
from accounts.mailbox import limits
from accounts.mailbox.models import Purpose
from accounts.models import Session, User
from accounts.moderation.services import lock_account
from accounts.security.records import record_event
from accounts.signing_in.guessing import confirm_password
from bookbridge.kernel.errors import DomainError, Missing
from bookbridge.kernel.limits import refusal
from bookbridge.kernel.transactions import refuse_duplicate, transactional


def offer(reader: User) -> None:
    """Mail the link that confirms `pending_email`, in the transaction under way.

    When the address is somebody's already, they are told in its place, and the link that was
    made all the same is sent to nobody: both cases are the same work.
    """
    address = reader.pending_email or ""
    holder = User.objects.visible().filter(email=address).first()
    token = links.issue(reader, Purpose.EMAIL, lifetime=_lifetime(), address=address)
    if holder is not None:
        mail.send("address_in_use", reader=holder)
    else:
        _send_link(reader, token)


def verify(*, token: str, client: str) -> User:
    """Confirm the address that a link was mailed to: it is the reader's from now on.

    A new address takes the place of the one before, which is told, and to which links for a new
    password may have been mailed: they are void.

    Arguments:
        client: the address of the client, for the limit on guesses.

    Raises:
        InvalidInput: `invalid_link`.
        DomainError: 409 `email_taken`, when another account confirmed the address first; the
            link stays good until its time is over.
        TooManyRequests: too many links that were not good.
    """
    with limits.guessing_links(client):
        reader = links.reader_behind(token, Purpose.EMAIL)
        return _verify(token, reader)


@transactional
def _verify(token: str, reader: User) -> User:
    row = _locked(reader)
    address, before = row.pending_email or "", row.email
    links.redeem(token, Purpose.EMAIL, reader=row, address=address)
    row.email, row.email_verified_at, row.pending_email = address, timezone.now(), None
    _save_address(row)
    if before is None:
        record_event("email_verified", reader_id=row.pk)
    else:
        _tell_of_change(row, before)
    return row


def resend(*, address: str, client: str, language: str) -> None:
    """Mail the link that an address waits for once more; the older one is void.

    Always a mail, if the limits allow one: an address that waits for nothing is told so. Of
    several accounts that wait for the same address the youngest is meant.

    Arguments:
        client: the address of the client, for the limit on mails.
        language: for a mail to somebody without account.
    """
    address = address.lower()
    if limits.may_mail(address, client=client):
        _resend(address, language)


@transactional
def _resend(address: str, language: str) -> None:
    readers = User.objects.visible()
    waiting = readers.filter(pending_email=address).order_by("-pk").first()
    holder = readers.filter(email=address).first()
    if holder is not None or (waiting is not None and not waiting.is_active):
        waiting = None
    token = links.issue(waiting, Purpose.EMAIL, lifetime=_lifetime(), address=address)
    if waiting is not None:
        _send_link(waiting, token)
    else:
        told = None if holder else language
        mail.send("verify_email_unknown", reader=holder, to=address, language=told)


def change(*, by: User, session: Session, address: str, password: str | None = None) -> User:
    """Ask for another address; gives the reader as it is afterwards.

    Where verification is on, the new address waits for its link, the present one stays good until
    then and is told. Where it is off, the new one counts at once. The present address again takes
    a change back that waits.

    Arguments:
        password: the present one; without it the sign-in must be young.

    Raises:
        InvalidInput: `wrong_password`.
        NotAllowed: `reauthenticate`, without password and recent sign-in.
        DomainError: 409 `email_taken`, only where verification is off.
        TooManyRequests: too many wrong passwords, or too many changes within an hour.
    """
    if password is None:
        sessions.require_recent(session=session)
    else:
        confirm_password(by, password, pointer="/password")
    verdict = limits.change_limit().reserve([f"account:{by.pk}"])
    if not verdict.allowed:
        raise refusal(verdict)
    address = address.lower()
    if not settings.EMAIL_VERIFICATION:
        return _change_now(by, address)
    return _ask_for_change(by, address, mailed=limits.may_mail(address))


@transactional
def _ask_for_change(by: User, address: str, *, mailed: bool) -> User:
    row = lock_account(by)
    same = row.email == address
    row.pending_email = None if same else address
    row.save(update_fields=["pending_email", "updated_at"])
    links.void_links(row, purpose=Purpose.EMAIL)
    if same:
        return row
    record_event("email_change_asked", reader_id=row.pk)
    if mailed:
        offer(row)
    if row.email is not None:
        mail.send("email_change_notice", reader=row)
    return row


@transactional
def _change_now(by: User, address: str) -> User:
    row = lock_account(by)
    before = row.email
    if before == address:
        return row
    row.email, row.email_verified_at, row.pending_email = address, timezone.now(), None
    _save_address(row)
    _tell_of_change(row, before)
    return row


def email_taken() -> DomainError:
    """The answer to an address that is another reader's."""
    return DomainError(_("There is an account with this e-mail address."), "email_taken")


def _save_address(row: User) -> None:
    with refuse_duplicate(email_taken, "reader_email_unique"):
        row.save(update_fields=["email", "email_verified_at", "pending_email", "updated_at"])


def _tell_of_change(row: User, before: str | None) -> None:
    links.void_links(row)
    if before is not None:
        mail.send("email_changed", reader=row, to=before)
    record_event("email_changed", reader_id=row.pk)


def _send_link(reader: User, token: str) -> None:
    text = "verify_email" if reader.email is None else "email_change_confirm"
    address = reader.pending_email
    mail.send(text, reader=reader, to=address, context={"token": token, "address": address})


def _locked(reader: User) -> User:
    """The row of the reader behind a link."""
    try:
        return lock_account(reader)
    except Missing:
        raise links.invalid_link() from None


def _lifetime() -> timedelta:
    return timedelta(hours=settings.EMAIL_LINK_HOURS)
