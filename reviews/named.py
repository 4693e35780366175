"""What the body of a review names, found before its shape is checked.

A book that is not there, a club that one may not know of (404) or is no member of (403) come
before 400. A body that names nothing well formed is left to the serializer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from bookbridge.kernel.errors import Missing, NotAllowed
from bookbridge.kernel.fields import LARGEST_WHOLE, whole
from clubs.membership.models import State
from clubs.models import Book, Club

if TYPE_CHECKING:
    from accounts.models import User

_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


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


def _member(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None
