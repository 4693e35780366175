"""Handing mails over: who gets it is decided when it leaves, not when it was put in."""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from accounts.mails.rendering import written
from accounts.mails.texts import TEXTS
from accounts.models import User
from bookbridge.kernel.outbox.handlers import Away, Hopeless, Task

#: The mail server itself does not answer, or does not let us in.
SERVER_AWAY = (
    OSError,  # refused, timed out, no such host; also the parent of all errors of smtplib
    ssl.SSLError,
)
#: Answers of the server about one mail; the rest of them is about the server, or about us.
ABOUT_THE_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
FOR_GOOD = 500

logger = logging.getLogger("bookbridge.mail")


def deliver(task: Task) -> None:
    """Write and send one mail, or drop it when nobody may get it any more.

    Raises:
        Away: no mail server answers.
        Hopeless: the server refuses this mail for good, or it cannot be written.
        smtplib.SMTPResponseException, SMTPRecipientsRefused: not now.
    """
    payload = task.payload
    if payload["text"] not in TEXTS:
        raise Hopeless(f"there is no text {payload['text']!r}")
    reader = _reader(payload)
    to = _address(payload, reader)
    if not to:
        logger.info("A mail was dropped.", extra={"label": payload["text"]})
        return
    _send(_message(task, reader, to))


def _reader(payload: dict[str, Any]) -> User | None:
    if payload["reader"] is None:
        return None
    return User.objects.filter(pk=payload["reader"]).first()


def _address(payload: dict[str, Any], reader: User | None) -> str:
    """Where it goes; empty when it goes nowhere."""
    text = TEXTS[payload["text"]]
    if payload["reader"] is None:
        return str(payload["to"] or "")
    if reader is None or reader.erased_at is not None:
        return ""
    if reader.is_suspended() and not text.while_suspended:
        return ""
    if payload["to"]:
        return str(payload["to"])
    return (reader.email or "") if reader.email_verified else ""


def _message(task: Task, reader: User | None, to: str) -> EmailMessage:
    try:
        validate_email(to)
    except ValidationError as error:
        raise Hopeless("the address is none") from error
    payload = task.payload
    language = payload["language"] or (reader.language if reader else settings.LANGUAGE_CODE)
    try:
        subject, body = written(
            payload["text"],
            payload["context"],
            username=reader.username if reader else "",
            language=language,
            time_zone=reader.time_zone if reader else "UTC",
        )
    except KeyError as error:
        raise Hopeless(f"the text {payload['text']!r} lacks {error}") from error
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        # The same for each attempt: a mail that arrives twice is known by it.
        "Message-ID": f"<{task.name}@{host}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": language,
    }
    return EmailMessage(subject, body, to=[to], headers=headers)


def _send(message: EmailMessage) -> None:
    if not settings.EMAIL_BACKEND:
        raise Away("EMAIL_URL is not set")
    try:
        message.send()
    except ABOUT_THE_MAIL as error:
        codes = _codes(error)
        if codes and min(codes) >= FOR_GOOD:
            raise Hopeless(f"the mail server refuses it: {min(codes)}") from error
        raise RuntimeError(f"the mail server does not take it now: {codes}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Hopeless("the mail server cannot write to such an address") from error
    except SERVER_AWAY as error:
        raise Away(_said(error)) from error


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _words in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _said(error: OSError) -> str:
    """What went wrong, without what the mail server wrote."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPException):
        return f"{type(error).__name__}"
    return f"{type(error).__name__}: {error.strerror or 'no answer'}"
