"""Usernames: their form, the names nobody may take, and the names that may not come back.

A username stands in addresses (`users/{username}/`, `clubs/{slug}/members/{username}/`), so none
may be what a literal path is there; the others below could pass for somebody with authority.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

#: As it is typed; it is stored in lower case.
PATTERN = "[A-Za-z0-9_-]{3,30}"

#: What an erased reader is called from then on; longer than any username can be.
TOMBSTONE_PREFIX = "deleted-"

#: Every word that is a literal where a path has a username, now or in the map of the API.
_PATH_WORDS = """
    me admin api auth ballots bans books calendar calendars chart clubs docs everyone export
    invitations isbn jwks livez login logout lookup meetings members metrics moderation order
    posts readers readyz redoc register reports requests restore reviews roles schema search
    sessions static stats suspend reinstate threads token transfer users well-known
"""

#: Names that would be taken for BookBridge itself or for its staff, or for nobody.
_WORDS_OF_AUTHORITY = """
    abuse account accounts administrator anonymous billing bookbridge contact deleted everybody
    guest help hostmaster info mail moderator moderators no-reply nobody none noreply null
    official owner postmaster reader root security service staff super superuser support sysadmin
    system team undefined unknown user webmaster www
"""

RESERVED = frozenset(f"{_PATH_WORDS} {_WORDS_OF_AUTHORITY}".split())


def is_wellformed(text: str) -> bool:
    """Whether it has the form of a username, in small letters or capitals."""
    return re.fullmatch(PATTERN, text) is not None


def is_reserved(username: str) -> bool:
    """Whether nobody may be called that; `username` is in lower case."""
    return username in RESERVED or username.startswith(TOMBSTONE_PREFIX)


def digest(username: str) -> str:
    """What is kept of the username of somebody who left, so that nobody else gets it.

    Usernames were public: without a key, whoever gets hold of the table could try a list of
    them and learn who left. The first key of `settings.RETIRED_NAME_KEYS` makes new digests.
    """
    return keyed(_plain_digest(username))


def digests(username: str) -> list[str]:
    """Every digest under which the name may have been retired: one for each key.

    The names are gone, so no digest can be made anew: an old key stays in the list for good.
    """
    plain = _plain_digest(username)
    return [keyed(plain, key) for key in _keys()]


def keyed(plain: str, key: str | None = None) -> str:
    """A digest under a key, by default the first one."""
    secret = key or _keys()[0]
    return hmac.new(secret.encode(), plain.encode(), "sha256").hexdigest()


def _plain_digest(username: str) -> str:
    return hashlib.sha256(f"bookbridge.username:{username}".encode()).hexdigest()


def _keys() -> list[str]:
    keys: list[str] = settings.RETIRED_NAME_KEYS
    if not keys:
        message = "RETIRED_NAME_KEYS is empty; `make setup` writes a key to .env."
        raise ImproperlyConfigured(message)
    return keys


def tombstone() -> str:
    """A new name for a reader who left."""
    return TOMBSTONE_PREFIX + secrets.token_hex(16)
