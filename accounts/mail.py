"""Mail to readers: put into the outbox with the act it tells of, written and sent later."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from bookbridge.kernel.outbox.services import enqueue

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
        text: which text, by its name (`"password_reset"`).
        reader: whose account it is about; their language counts, and their mails go when they
            leave. None for an address that belongs to no account.
        to: the address; by default the reader's verified one as it is when the mail leaves.
        language: instead of the reader's.
        context: what the text needs, as plain JSON (a link, a moment).

    Raises:
        RuntimeError: there is no transaction under way.
    """
    payload = {"text": text, "to": to, "language": language, "context": context or {}}
    enqueue(
        MAIL,
        {**payload, "reader": reader.pk if reader else None},
        reader_id=reader.pk if reader else None,
        group=f"mail:{reader.pk}" if reader else "",
    )
