"""What tests of accounts share: the mails that wait to be sent, and verification turned on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import User
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal


@dataclass(frozen=True)
class Mail:
    """A mail in the outbox; `to` is None for the reader's verified address."""

    text: str
    reader: User | None
    to: str | None
    language: str | None
    context: dict[str, Any]

    @property
    def token(self) -> str:
        """The secret of the link in it."""
        return str(self.context["token"])


Mails = Callable[[], list[Mail]]


@pytest.fixture
def mails(db: None) -> Mails:
    """`mails()`: what was put into the outbox since the last call, oldest first."""
    last = 0

    def new() -> list[Mail]:
        nonlocal last
        found = []
        for job in OutboxJob.objects.filter(kind="mail", pk__gt=last).order_by("pk"):
            last = job.pk
            payload = json.loads(unseal(job.sealed_payload))
            reader = User.objects.filter(pk=payload.pop("reader")).first()
            found.append(Mail(reader=reader, **payload))
        return found

    return new


@pytest.fixture
def verification(settings: Any) -> None:
    """Addresses count once their link was opened."""
    settings.EMAIL_VERIFICATION = True
