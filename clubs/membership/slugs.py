"""Addresses of clubs: made from the name, never reused, never telling of what is hidden."""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from bookbridge.kernel.errors import Unavailable
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import refuse_duplicate
from clubs.membership.models import Club, RetiredSlug, Visibility

#: Words that stand, or may come to stand, in a path where a slug does.
RESERVED = frozenset(
    [
        "admin",
        "all",
        "api",
        "archived",
        "club",
        "clubs",
        "create",
        "edit",
        "feed",
        "invitations",
        "mine",
        "me",
        "members",
        "new",
        "null",
        "order",
        "popular",
        "public",
        "requests",
        "search",
        "stats",
        "undefined",
    ]
)
MAX_LENGTH = 60
TAIL_LENGTH = 6
TRIES = 8
_ALPHABET = string.ascii_lowercase + string.digits


class SlugTaken(Exception):
    """Another club has the slug, or had it once."""


def plain_slug(name: str) -> str:
    """What the name leaves: small ASCII letters and digits, single hyphens; may be empty."""
    slug = re.sub(r"[^a-z0-9]+", "-", searchable(name)).strip("-")
    return slug[:MAX_LENGTH].rstrip("-")


def random_slug(name: str) -> str:
    """The plain slug (or `club`) and six random characters."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(TAIL_LENGTH))
    return f"{plain_slug(name) or 'club'}-{tail}"


def save_with_slug(**fields: Any) -> Club:
    """Save a new club of these fields under a slug of its own.

    The plain slug when it is free; six random characters follow for a reserved word, for a
    slug that a club has or had (also when another transaction takes it at this moment), and
    always for a hidden club, so that nobody can tell from a new slug whether a name is taken
    by one. To be called in a transaction.
    """
    name = fields["name"]
    slug = plain_slug(name)
    hidden = fields["visibility"] == Visibility.HIDDEN
    if not slug or hidden or slug in RESERVED:
        slug = random_slug(name)
    for _try in range(TRIES):
        try:
            return _save(Club(**fields, slug=slug))
        except SlugTaken:
            slug = random_slug(name)
    raise Unavailable()


def _save(club: Club) -> Club:
    with refuse_duplicate(SlugTaken()):
        club.save(force_insert=True)
        # Looked up after the row is in: a deletion that retires the slug has committed by then.
        if RetiredSlug.objects.filter(slug=club.slug).exists():
            raise SlugTaken()
    return club
