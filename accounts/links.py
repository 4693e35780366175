"""Secret links: issued into a mail, good once, for one purpose, until a moment.

Of a link only the digest is kept. One statement uses it up, so that of many at once one succeeds,
and what is looked up is the digest of whatever came in, so that a miss tells nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.mailbox.models import Purpose, SecretLink
from accounts.models import User
from bookbridge.kernel.errors import InvalidInput
from bookbridge.kernel.transactions import transactional

#: So long a link that is over stays in the table.
KEPT_FOR = timedelta(days=1)
#: The key of nobody.
NOBODY = 0


@transactional
def issue(reader: User | None, purpose: Purpose, *, lifetime: timedelta, address: str = "") -> str:
    """Make a link and void the older ones of its purpose; gives the token for the mail.

    Arguments:
        reader: whose account it opens. None does the same work for nobody: the token is good
            for nothing.
        lifetime: how long it is good.
        address: the address that it confirms, if it confirms one.
    """
    key, now, token = reader.pk if reader else NOBODY, timezone.now(), secrets.token_urlsafe(32)
    # Under the lock of the row, so that two at once cannot both stay.
    User.objects.select_for_update(no_key=True).filter(pk=key).first()
    SecretLink.objects.filter(reader_id=key, purpose=purpose).delete()
    SecretLink.objects.create(
        purpose=purpose,
        reader=reader,
        digest=digest_of(token),
        about=address_digest(address) if address else "",
        expires_at=now + lifetime,
        used_at=None if reader else now,
    )
    return token


def reader_behind(token: str, purpose: Purpose) -> User:
    """Whose account a link opens that is good now; it stays unused.

    Raises:
        InvalidInput: `invalid_link`, for one that is unknown, used, over, void or for something
            else, all alike.
    """
    link = _open().filter(digest=digest_of(token), purpose=purpose).select_related("reader").first()
    if link is None or link.reader is None or not link.reader.is_active:
        raise invalid_link()
    return link.reader


def redeem(token: str, purpose: Purpose, *, reader: User, address: str = "") -> None:
    """Use a link up, in the transaction under way and after locking the reader's row.

    Arguments:
        reader: the one whom `reader_behind` named.
        address: the address that is to be confirmed, if the link confirms one.

    Raises:
        InvalidInput: `invalid_link`, also for one that somebody else used meanwhile.
    """
    used = _open().filter(
        digest=digest_of(token),
        purpose=purpose,
        reader=reader,
        about=address_digest(address) if address else "",
    )
    if not used.update(used_at=timezone.now()):
        raise invalid_link()


def void_links(reader: User, *, purpose: Purpose | None = None) -> None:
    """Take back every link of a reader, or those of one purpose."""
    links = SecretLink.objects.filter(reader_id=reader.pk)
    if purpose is not None:
        links = links.filter(purpose=purpose)
    links.delete()


def end_all(reader: User, reason: str) -> None:
    """Everything of this reader ends: so do the links, whatever the reason (ACCOUNT_ENDINGS)."""
    void_links(reader)


def links_to_forget(now: datetime | None = None) -> QuerySet[SecretLink]:
    """Links that were over a day ago."""
    return SecretLink.objects.filter(expires_at__lt=(now or timezone.now()) - KEPT_FOR)


def forget_links(*, at_most: int = 1_000) -> int:
    """Delete links that were over a day ago; gives how many. Safe to repeat."""
    keys = list(links_to_forget().values_list("pk", flat=True)[:at_most])
    deleted: int = SecretLink.objects.filter(pk__in=keys).delete()[0]
    return deleted


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_digest(address: str) -> str:
    """What a link keeps of the address that it confirms: nothing that could be read or guessed."""
    return salted_hmac("bookbridge.links.address", address, algorithm="sha256").hexdigest()


def invalid_link() -> InvalidInput:
    """The one answer to every link that is not good."""
    message = _("This link is not valid any more. Ask for a new one.")
    return InvalidInput([("/token", "invalid_link", message)], message, "invalid_link")


def _open() -> QuerySet[SecretLink]:
    return SecretLink.objects.filter(
        used_at__isnull=True, expires_at__gt=timezone.now(), reader__isnull=False
    )
