"""Authors by name: one row for each name, however it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bookbridge.kernel.text import searchable
from clubs.books.models import Author, Authorship, Book

MAX_AUTHORS = 20
KEY_LENGTH = 200
TITLE_KEY_LENGTH = 290
#: Never part of a searchable text, so that a title cannot run into an author.
KEY_SEPARATOR = "|"


def name_key(name: str) -> str:
    """What makes two names the same author: no accents, case or punctuation."""
    return (searchable(name) or name.strip().casefold())[:KEY_LENGTH].rstrip()


def title_key(title: str) -> str:
    """What makes two titles the same."""
    return (searchable(title) or title.strip().casefold())[:TITLE_KEY_LENGTH].rstrip()


def work_key(title: str, first_author: str) -> str:
    """What makes two books the same work: the title and the first author."""
    return f"{title_key(title)}{KEY_SEPARATOR}{name_key(first_author)}"


def distinct_names(names: Sequence[str]) -> dict[str, str]:
    """The names by key, in their order; of two spellings the first one stays."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name_key(name), " ".join(name.split()))
    return kept


def find_or_create(names: Sequence[str]) -> list[Author]:
    """The authors of these names, in their order; those that are new are created.

    Two requests may name the same new author at once: the database lets one of them create
    the row and both find it. Rows are created in the order of their keys, so that two lists
    of the same names in another order cannot wait for each other.
    """
    wanted = distinct_names(names)
    found = _by_key(wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        new = [Author(name=wanted[key], name_key=key) for key in missing]
        Author.objects.bulk_create(new, ignore_conflicts=True)
        found |= _by_key(missing)
    return [found[key] for key in wanted]


def set_authors(book: Book, authors: Sequence[Author]) -> None:
    """Write the authors of `book`, in this order."""
    Authorship.objects.filter(book=book).delete()
    Authorship.objects.bulk_create(
        Authorship(book=book, author=author, position=position)
        for position, author in enumerate(authors)
    )


def _by_key(keys: Iterable[str]) -> dict[str, Author]:
    return {author.name_key: author for author in Author.objects.filter(name_key__in=keys)}
