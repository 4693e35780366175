"""Mail to readers: put into the outbox with the act it tells of, written and sent later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.mails.texts import TEXTS
from bookbridge.kernel.outbox.services import enqueue

if TYPE_CHECKING:
    from accounts.models import User

#: The kind of job that sends a mail.
MAIL = "mail"


def send(
    text: str,
    *,
    reader: User | None = None,
    to: str | None = None,
    language: str | None = None,
    context: dict[str, Any] | None = None,
) -> None:
    """Put a mail into the outbox, in the transaction under way.

    Arguments:
        text: which text, by its name (`"password_reset"`), of `accounts.mails.texts`.
        reader: whose account it is about; their language counts, and their mails go when they
            leave. None for an address that belongs to no account.
        to: the address; by default the reader's verified one as it is when the mail leaves.
        language: instead of the reader's.
        context: what the text needs, as plain JSON (a token, a moment in ISO 8601).

    Raises:
        ValueError: there is no such text, or nobody to send it to.
        RuntimeError: there is no transaction under way.
    """
    send_to(reader.pk if reader else None, text, context, to=to, language=language)


def send_to(
    reader_id: int | None,
    text: str,
    context: dict[str, Any] | None = None,
    *,
    to: str | None = None,
    language: str | None = None,
) -> None:
    """The same, for a reader of whom only the key is known."""
    if text not in TEXTS:
        raise ValueError(f"there is no text {text!r}")
    if reader_id is None and not to:
        raise ValueError("a mail goes to a reader or to an address")
    payload = {"text": text, "to": to, "language": language, "context": context or {}}
    enqueue(
        MAIL,
        {**payload, "reader": reader_id},
        reader_id=reader_id,
        group=f"mail:{reader_id}" if reader_id is not None else "",
        label=text,
    )
