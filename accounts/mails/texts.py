"""What mails say: plain text, by the name of each; translated when it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: A paragraph that is the link of the mail, alone on its line.
LINK = "{link}"


class Part(NamedTuple):
    """A paragraph that stands there only with, or only without, one of the values."""

    text: str | Promise
    given: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Text:
    """One mail.

    Attributes:
        subject: never holds a value, so that nobody puts a header into it.
        parts: paragraphs; `{name}` stands for a value of the context.
        link: the setting that makes the link out of `token`.
        while_suspended: whether it goes to a reader who is shut out.
    """

    subject: str | Promise
    parts: tuple[str | Promise | Part, ...]
    link: str = ""
    while_suspended: bool = False


_NOT_YOU = _(
    "If this was not you, change your password now and end all sessions: somebody else may know "
    "the password."
)

TEXTS: dict[str, Text] = {
    "verify_email": Text(
        _("Confirm your e-mail address"),
        (
            _("Somebody, you we hope, gave {address} as the address of the account {username}."),
            _("Open this link to confirm it:"),
            LINK,
            _("If it was not you, do nothing: without the link the address is not used."),
        ),
        link="LINK_VERIFY_EMAIL",
    ),
    "address_in_use": Text(
        _("Your e-mail address was given again"),
        (
            _("Somebody tried to use this address for another account. It belongs to yours."),
            _(
                "If it was you: sign in as {username}, or have the password reset. If not, there "
                "is nothing to do."
            ),
        ),
    ),
    "verify_email_unknown": Text(
        _("Your e-mail address"),
        (
            _("Somebody asked once more for the link that confirms this address."),
            _(
                "There is nothing to confirm: no account waits for it. If it was you, sign in, or "
                "register. If not, there is nothing to do."
            ),
        ),
    ),
    "password_reset": Text(
        _("A new password"),
        (
            _("Somebody, you we hope, asked for a new password for the account {username}."),
            _("Open this link to choose one. It works once, and not for long:"),
            LINK,
            _("If it was not you, do nothing: your password stays as it is."),
        ),
        link="LINK_PASSWORD_RESET",
    ),
    "password_reset_unknown": Text(
        _("A new password"),
        (
            _("Somebody asked for a new password and gave this address. No account has it."),
            _(
                "If it was you, try the other addresses that you use, or register. If not, there "
                "is nothing to do."
            ),
        ),
    ),
    "password_changed": Text(
        _("Your password was changed"),
        (_("The password of the account {username} was changed."), _NOT_YOU),
    ),
    "email_change_confirm": Text(
        _("Confirm your new e-mail address"),
        (
            _("{address} is to be the new address of the account {username}."),
            _("Open this link to confirm it:"),
            LINK,
            _("If you know nothing of this, do nothing: the account keeps the address it has."),
        ),
        link="LINK_EMAIL_CHANGE",
    ),
    "email_change_notice": Text(
        _("Your e-mail address is to be changed"),
        (
            _(
                "Somebody who is signed in as {username} asked for another address. This one "
                "stays until the new one is confirmed."
            ),
            _NOT_YOU,
        ),
    ),
    "email_changed": Text(
        _("Your e-mail address was changed"),
        (
            _(
                "The account {username} has another address now. This is the last mail to this "
                "address."
            ),
            _("If this was not you, write to those who run this site at once."),
        ),
    ),
    "refresh_token_replayed": Text(
        _("A session of yours was ended"),
        (
            _(
                "A key of a session that had been used before was used once more. That happens "
                "when somebody copied it, so the session is over."
            ),
            Part(_("It began: {session_created}"), given="session_created"),
            Part(_("Device: {device}"), given="device"),
            _("Sign in again. If you do not know why this happened, change your password."),
        ),
    ),
    "sign_in_locked": Text(
        _("Somebody tries to sign in to your account"),
        (
            _(
                "Too many wrong passwords were tried for the account {username}, so signing in "
                "is shut for a while. Your open sessions go on."
            ),
            _("If it was not you, there is nothing to do, as long as your password is a good one."),
        ),
    ),
    "second_factor_on": Text(
        _("Signing in asks for a code now"),
        (_("The account {username} has a second factor from now on."), _NOT_YOU),
    ),
    "second_factor_off": Text(
        _("Signing in asks for no code any more"),
        (_("The second factor of the account {username} was taken away."), _NOT_YOU),
    ),
    "recovery_code_used": Text(
        _("A recovery code was used"),
        (
            _("Somebody signed in as {username} with a recovery code in place of the usual one."),
            _("Recovery codes left: {left}"),
            _NOT_YOU,
        ),
    ),
    "personal_token_created": Text(
        _("A personal access token was made"),
        (
            _("The account {username} has a new token with which programs act for you."),
            _("Name: {name}"),
            _("It may: {scopes}"),
            _NOT_YOU,
        ),
    ),
    "roles_changed": Text(
        _("Your role was changed"),
        (
            Part(_("The account {username} has these roles now: {roles}"), given="roles"),
            Part(_("The account {username} has no role any more."), missing="roles"),
        ),
    ),
    "account_suspended": Text(
        _("Your account is suspended"),
        (
            Part(_("The account {username} is suspended until {until}."), given="until"),
            Part(_("The account {username} is suspended for good."), missing="until"),
            Part(_("The reason: {reason}"), given="reason"),
        ),
        while_suspended=True,
    ),
    "account_reinstated": Text(
        _("Your account is open again"),
        (_("The suspension of the account {username} was ended. Welcome back."),),
        while_suspended=True,
    ),
    "moderation_notice": Text(
        _("A word from the moderators"),
        ("{notice}", Part(_("The reason: {reason}"), given="reason")),
    ),
    "leaving": Text(
        _("Your account is going to be erased"),
        (
            _("You asked to leave. The account {username} will be erased on {until}."),
            _("Until then it can be brought back. After that nobody can."),
            Part(_("Open this link if you want to stay:"), given="link"),
            Part(LINK, given="link"),
        ),
        link="LINK_RESTORE",
        while_suspended=True,
    ),
    "left": Text(
        _("Your account was erased"),
        (
            _("The account {username} and everything personal in it was erased."),
            _("This is the last mail to you. Thank you for having been here."),
        ),
        while_suspended=True,
    ),
    "restored": Text(
        _("Your account stays"),
        (_("The account {username} is not going to be erased any more."), _NOT_YOU),
        while_suspended=True,
    ),
}
