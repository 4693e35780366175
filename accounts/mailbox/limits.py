"""How often mails may be asked for, and links be guessed.

Mails are refused silently: the answer is the same, nothing is looked up and nothing is sent. So a
mailbox cannot be flooded through BookBridge, and the refusal tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from bookbridge.kernel import limits
from bookbridge.kernel.addresses import address_key
from bookbridge.kernel.errors import InvalidInput
from bookbridge.kernel.limits import Place, SecurityLimit

HOUR_SECONDS = 60 * 60


def mailed_limit() -> SecurityLimit:
    """Mails to one address that anybody can cause."""
    return SecurityLimit("mailed", settings.MAILS_TO_ADDRESS_AN_HOUR, HOUR_SECONDS)


def asked_limit() -> SecurityLimit:
    """Mails that one client without account asks for."""
    return SecurityLimit("mail-asked", settings.MAILS_BY_CLIENT_AN_HOUR, HOUR_SECONDS)


def change_limit() -> SecurityLimit:
    """Changes of the address of one account."""
    return SecurityLimit("email-change", settings.MAILS_TO_ADDRESS_AN_HOUR, HOUR_SECONDS)


def link_limit() -> SecurityLimit:
    """Links from one client that are not good."""
    return SecurityLimit("link", settings.SIGN_IN_FAILURES, settings.SIGN_IN_WINDOW_SECONDS)


def may_mail(to: str, *, client: str | None = None) -> bool:
    """Count one mail to the address `to`, and say whether it may go.

    Arguments:
        client: the address of the client, where it is nobody with an account.
    """
    places: list[Place] = [(mailed_limit(), to)]
    if client is not None:
        places.append((asked_limit(), address_key(client)))
    return limits.reserve(places).allowed


@contextmanager
def guessing_links(client: str) -> Iterator[None]:
    """Around the check of a link: what is not good counts against the client.

    Raises:
        TooManyRequests: too many were not good; this one was not looked at.
    """
    limit, keys = link_limit(), [address_key(client)]
    verdict = limit.reserve(keys)
    if not verdict.allowed:
        raise limits.refusal(verdict)
    good = True
    try:
        yield
    except InvalidInput as error:
        good = error.code != "invalid_link"
        raise
    finally:
        if good:
            limit.give_back(keys)
