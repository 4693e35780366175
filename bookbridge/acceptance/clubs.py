"""A public, a private and a hidden club with lists, and the books on them."""

from __future__ import annotations

from collections import deque
from typing import Any

from accounts.models import User
from bookbridge.acceptance.readers import Actor
from bookbridge.acceptance.standings import (
    make_banned,
    make_former,
    make_invited,
    make_member,
    make_stranger,
)
from bookbridge.demo.data import Record, load
from bookbridge.kernel.errors import DomainError
from clubs.books.services import add_book
from clubs.membership.models import Role
from clubs.membership.services import (
    create_link,
    edit_club,
    found_club,
    restore_club,
    revoke_invitation,
)
from clubs.models import Book, Club, Invitation, Isbn, ListEntry
from clubs.reading.models import Status
from clubs.reading.moves import MOVES
from clubs.reading.services import add_entry, edit_entry, support_entry

POLICIES = {"public": "open", "private": "request", "hidden": "invite"}
#: Statuses of the books that all three clubs have; each has a finished one of its own.
SHARED = (Status.READING, Status.PLANNED, Status.PROPOSED, Status.DROPPED)
BOOKS = len(POLICIES) + len(SHARED)
LINK_USES, LINK_DAYS = 100, 30


def ready_books() -> list[Book]:
    """Real books with ISBNs: those that the clubs have finished come first."""
    records = [record for record in load().books if record.get("isbns")][:BOOKS]
    return [_book(record) for record in records]


def ready_club(visibility: str, actors: dict[str, Actor]) -> Club:
    """The club of this visibility, with everybody where they are to stand."""
    owner = actors["owner"].reader
    name = f"Acceptance {visibility}"
    club = Club.objects.filter(
        name=name, memberships__reader=owner, memberships__role=Role.OWNER
    ).first()
    wanted: dict[str, Any] = {
        "visibility": visibility,
        "join_policy": POLICIES[visibility],
        "max_members": None,
    }
    if club is None:
        text = f"To try the platform with: a *{visibility}* club."
        club = found_club(by=owner, name=name, description=text, **wanted)
    else:
        if club.archived_at is not None:
            restore_club(club=club, by=owner)
        club = edit_club(club=club, by=owner, changes=wanted, confirm_visibility=True)
    for kind, actor in actors.items():
        _place(kind, club, actor.reader, owner)
    return club


def ready_list(
    club: Club, number: int, books: list[Book], actors: dict[str, Actor]
) -> dict[str, int]:
    """The club's list, an entry of every status; gives their keys by status."""
    wanted = {str(Status.FINISHED): books[number]}
    wanted |= {str(status): book for status, book in zip(SHARED, books[3:], strict=True)}
    entries = {}
    for status, book in wanted.items():
        entry = ListEntry.objects.filter(club=club, book=book).first()
        if entry is None:
            entry = add_entry(
                club=club, book=book, by=actors["member"].reader, pitch="Let us read this one."
            )
        for step in road(entry.status, status):
            entry = edit_entry(entry=entry, by=actors["owner"].reader, changes={"status": step})
        entries[status] = entry.pk
        if status == Status.PROPOSED:
            support_entry(entry=entry, by=actors["club_moderator"].reader)
    return entries


def ready_link(club: Club, owner: User) -> str:
    """The token of a fresh invitation link; links of runs before are over."""
    old = Invitation.objects.open().filter(club=club, created_by=owner, reader__isnull=True)
    for key in list(old.values_list("pk", flat=True)):
        revoke_invitation(club=club, invitation_id=key, by=owner)
    _link, token = create_link(club=club, by=owner, max_uses=LINK_USES, expires_in_days=LINK_DAYS)
    return token


def road(before: str, after: str) -> list[str]:
    """The shortest way through the status machine."""
    ways: deque[list[str]] = deque([[]])
    seen = {before}
    while ways:
        way = ways.popleft()
        here = way[-1] if way else before
        if here == after:
            return way
        for step in map(str, MOVES[here]):
            if step not in seen:
                seen.add(step)
                ways.append([*way, step])
    raise ValueError(f"no way from {before} to {after}")


def _place(kind: str, club: Club, reader: User, owner: User) -> None:
    if kind == "owner":
        return
    if kind == "invited":
        make_invited(club, reader, by=owner)
    elif kind == "former_member":
        make_former(club, reader, by=owner)
    elif kind == "banned":
        make_banned(club, reader, by=owner)
    elif kind == "club_moderator":
        make_member(club, reader, by=owner, role=Role.MODERATOR)
    elif kind in ("member", "suspended"):
        make_member(club, reader, by=owner)
    else:
        make_stranger(club, reader, by=owner)


def _book(record: Record) -> Book:
    """A book of the demo, as it is here or added now."""
    known = Isbn.objects.filter(isbn13__in=record["isbns"]).select_related("book").first()
    if known is not None:
        return known.book
    fields = {
        name: record[name]
        for name in ("title", "authors", "published_year", "language", "isbns", "description")
        if name in record
    }
    try:
        return add_book(by=None, **fields)
    except DomainError as refusal:
        if refusal.code != "possible_duplicate":
            raise
        return Book.objects.get(pk=refusal.extra["candidates"][0]["id"])
