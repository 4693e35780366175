"""What a body or a query names, found by its name.

The body of a review is looked at before its shape is checked.

A book that is not there, a club that one may not know of (404) or is no member of (403) come
before 400. A body that names nothing well formed is left to the serializer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts.models import User
from bookbridge.kernel.errors import Missing, NotAllowed
from bookbridge.kernel.fields import LARGEST_WHOLE, whole
from clubs.membership.models import State
from clubs.models import Book, Club
from reviews.querysets import half_stars

#: The key of no row.
NOBODY = 0
_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


def new_review(body: Any, viewer: User, check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The checked body of a new review, with the book and the club that it names.

    Without a club, and if `check` accepts the body, the book is not looked up: publishing does,
    in the statement that locks it.

    Raises:
        Missing: 404, a book that is not there, a club that `viewer` may not know of.
        NotAllowed: 403 `not_a_member`.
    """
    if _member(body, "club") is None:
        with suppress(ValidationError):
            data = check()
            return data | {"book": Book(pk=data["book"]), "club": None}
    book, club = named_book(body), named_club(body, viewer)
    return check() | {"book": book, "club": club}


def named_book(body: Any) -> Book | None:
    """The book under `book`; None when nothing there could be one.

    Raises:
        Missing: 404, there is no such book.
    """
    key = whole(_member(body, "book"))
    if key is None or not 0 < key <= LARGEST_WHOLE:
        return None
    book: Book | None = Book.objects.filter(pk=key).only("pk").first()
    if book is None:
        raise Missing()
    return book


def named_club(body: Any, viewer: User, *, unless: int | None = None) -> Club | None:
    """The club under `club`; None when nothing there could be one.

    Arguments:
        unless: the key of a club for which one needs no membership: the review is in it.

    Raises:
        Missing: 404, the club is not for `viewer` to know of.
        NotAllowed: 403 `not_a_member`.
    """
    slug = _member(body, "club")
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug.strip()):
        return None
    known = Club.objects.visible_to(viewer).with_standing_of(viewer)
    club = known.filter(slug=slug.strip()).first()
    if club is None:
        raise Missing()
    if club.pk != unless and club.my_state != State.ACTIVE:
        raise NotAllowed(_("Only members of this club may do this."), "not_a_member")
    return club


def keys_of_filters(query: dict[str, Any], viewer: User | None) -> dict[str, Any]:
    """The filters of a list of reviews as `ReviewQuerySet.narrowed` takes them.

    What `viewer` may not know of filters like what is not there: nothing fits. Keys, so that
    the list reads them in the order of its index.
    """
    found: dict[str, Any] = {}
    if "book" in query:
        found["book"] = query["book"]
    if "language" in query:
        found["language"] = query["language"]
    for name in ("rating_min", "rating_max"):
        if name in query:
            found[name] = half_stars(query[name])
    if "club" in query:
        clubs = Club.objects.visible_to(viewer).filter(slug=query["club"])
        found["club"] = clubs.values_list("pk", flat=True).first() or NOBODY
    if "author" in query:
        readers = User.objects.shown().filter(username=query["author"].lower())
        found["author"] = readers.values_list("pk", flat=True).first() or NOBODY
    return found


def _member(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None
