"""What can be reported: found by its name, with its words as they are and who answers for them.

Reviews go by their id, clubs by their slug, readers by their username.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accounts.models import User
from accounts.moderation.models import TargetKind
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.fields import LARGEST_WHOLE, whole
from clubs.membership.moderation import owner_of
from clubs.models import Club
from reviews.models import Review

if TYPE_CHECKING:
    from django.db.models import QuerySet

_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)

Name = int | str


@dataclass(frozen=True)
class Target:
    """One thing that is reported.

    Attributes:
        about: who answers for it; None for a club without owner.
        content: its words as they are now.
    """

    kind: str
    key: int
    about: User | None
    content: dict[str, Any] = field(default_factory=dict)


def named_target(body: Any, viewer: User) -> Target | None:
    """What the member `target` of a body names; None when nothing there could be one.

    Raises:
        Missing: 404, it is not there or not for `viewer` to know of.
    """
    target = body.get("target") if isinstance(body, dict) else None
    if not isinstance(target, dict) or not isinstance(target.get("kind"), str):
        return None
    find = _FINDERS.get(target["kind"])
    name = _wellformed(target["kind"], target.get("id"))
    if find is None or name is None:
        return None
    found = find(name, viewer)
    if found is None:
        raise Missing()
    return found


def names_of(
    targets: Iterable[tuple[str, int]], *, viewer: User | None, everything: bool = False
) -> dict[tuple[str, int], Name | None]:
    """The names in the API of things by kind and key, in at most two queries.

    Null for what is gone, and for clubs that `viewer` may not know of unless `everything` is
    to be shown. Reviews, books and reports go by their id, there or not.
    """
    wanted = set(targets)
    names: dict[tuple[str, int], Name | None] = {
        (kind, key): None if kind in (TargetKind.CLUB, TargetKind.READER) else key
        for kind, key in wanted
    }
    clubs = {key for kind, key in wanted if kind == TargetKind.CLUB}
    if clubs:
        known: QuerySet[Club] = Club.objects.all() if everything else _known_clubs(viewer)
        for key, slug in known.filter(pk__in=clubs).values_list("pk", "slug"):
            names[TargetKind.CLUB, key] = slug
    readers = {key for kind, key in wanted if kind == TargetKind.READER}
    if readers:
        found = User.objects.shown().filter(pk__in=readers)
        for key, username in found.values_list("pk", "username"):
            names[TargetKind.READER, key] = username
    return names


def _known_clubs(viewer: User | None) -> QuerySet[Club]:
    known: QuerySet[Club] = Club.objects.visible_to(viewer)
    return known


def _wellformed(kind: str, name: Any) -> Name | None:
    """The name if things of this kind could have it."""
    if kind == TargetKind.REVIEW:
        key = whole(name)
        return key if key is not None and 0 < key <= LARGEST_WHOLE else None
    return name.strip() if isinstance(name, str) and name.strip() else None


def _review(name: Any, viewer: User) -> Target | None:
    visible = Review.objects.visible_to(viewer).select_related("author")
    review: Review | None = visible.filter(pk=name).first()
    if review is None:
        return None
    content = {
        "book": review.book_id,
        "rating": review.rating / 2,
        "title": review.title,
        "text": review.text,
    }
    return Target(TargetKind.REVIEW, review.pk, review.author, content)


def _club(name: Any, viewer: User) -> Target | None:
    slug = name if _SLUG.fullmatch(name) else ""
    club: Club | None = Club.objects.visible_to(viewer).filter(slug=slug).first()
    if club is None:
        return None
    content = {"name": club.name, "description": club.description}
    return Target(TargetKind.CLUB, club.pk, owner_of(club), content)


def _reader(name: Any, viewer: User) -> Target | None:
    reader: User | None = User.objects.named(name, viewer).first()
    if reader is None:
        return None
    content = {
        "username": reader.username,
        "display_name": reader.display_name,
        "bio": reader.bio,
    }
    return Target(TargetKind.READER, reader.pk, reader, content)


_FINDERS: dict[str, Callable[[Any, User], Target | None]] = {
    TargetKind.REVIEW: _review,
    TargetKind.CLUB: _club,
    TargetKind.READER: _reader,
}
