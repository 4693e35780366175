"""Readers who came with a data set of ratings: a name, and nothing to sign in with."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import usernames
from accounts.models import RetiredUsername, User
from accounts.population import count_readers
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import transactional

LONGEST = 30
#: What a data set may be called, so that a username can begin with it.
SOURCE = re.compile("[a-z][a-z0-9]{1,15}")


def username_for(source: str, key: str) -> str:
    """The username of whom a data set knows by `key`; always the same for the same two."""
    plain = f"{source}-{key}"
    if len(plain) <= LONGEST and re.fullmatch(r"[a-z0-9_]+", key):
        return plain
    digest = hashlib.sha256(key.encode()).hexdigest()
    # The hyphen keeps it apart from any number of the data set.
    return f"{source}-h-{digest}"[:LONGEST]


def refusals(names: Iterable[str]) -> dict[str, str]:
    """Which of these usernames cannot be those of imported readers, and why.

    `reader_erased`: the reader left, and nobody comes back under the name; `username_taken`:
    somebody with an account of their own has it.
    """
    wanted = list(names)
    taken = User.objects.filter(username__in=wanted, imported_at__isnull=True)
    refused = dict.fromkeys(taken.values_list("username", flat=True), "username_taken")
    by_digest = {digest: name for name in wanted for digest in usernames.digests(name)}
    retired = RetiredUsername.objects.filter(digest__in=by_digest)
    for digest in retired.values_list("digest", flat=True):
        refused[by_digest[digest]] = "reader_erased"
    return refused


def find(names: Iterable[str]) -> dict[str, int]:
    """The keys of the imported readers among these usernames."""
    found = User.objects.filter(username__in=list(names), imported_at__isnull=False)
    return dict(found.values_list("username", "pk"))


@transactional
def find_or_create(names: Sequence[str], *, source: str) -> dict[str, int]:
    """The keys of imported readers by username; those who are new are created."""
    known = find(names)
    now = timezone.now()
    new = [
        User(
            username=name,
            password=make_password(None),
            search_text=searchable(name),
            imported_at=now,
            import_source=source,
        )
        for name in names
        if name not in known
    ]
    if new:
        User.objects.bulk_create(new, batch_size=2_000)
        count_readers(reader.pk for reader in new)
        announce("reader", by_id=None)
    return known | {reader.username: reader.pk for reader in new}
