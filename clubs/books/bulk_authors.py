"""Many authors at once, for imports whose works name them by a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bookbridge.kernel.transactions import transactional
from clubs.books.authors import distinct_names, find_or_create, name_key
from clubs.books.models import Author, AuthorSource


@dataclass(frozen=True)
class AuthorDraft:
    """An author of a data set, and their source and number there."""

    name: str
    key: tuple[str, str]


@transactional
def add_authors(drafts: Sequence[AuthorDraft]) -> list[bool]:
    """Find or add authors, all of one source; for each whether they are new here."""
    if not drafts:
        return []
    keys = distinct_names([draft.name for draft in drafts])
    known = set(Author.objects.filter(name_key__in=keys).values_list("name_key", flat=True))
    authors = {author.name_key: author for author in find_or_create(list(keys.values()))}
    named = [(draft.name, draft.key) for draft in drafts]
    AuthorSource.objects.bulk_create(
        [
            AuthorSource(author=authors[name_key(name)], source=source, key=key)
            for name, (source, key) in named
        ],
        ignore_conflicts=True,
    )
    added = []
    for draft in drafts:
        key = name_key(draft.name)
        added.append(key not in known)
        known.add(key)
    return added


def known_authors(source: str, keys: Iterable[str]) -> dict[str, str]:
    """The names of authors by their numbers in `source`."""
    found = AuthorSource.objects.filter(source=source, key__in=set(keys))
    return dict(found.values_list("key", "author__name"))
