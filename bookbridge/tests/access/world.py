"""A small world: one club of each visibility, and one reader of every kind towards it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.tests.factories import SessionFactory, UserFactory
from bookbridge.testing import ApiClient
from clubs.books.tests.factories import BookFactory
from clubs.membership.invitations import digest_of
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.models import Club, Invitation, ListEntry
from reviews.models import Report, Review
from reviews.tests.factories import ReviewFactory

KINDS = (
    "anonymous",
    "stranger",
    "invited",
    "member",
    "club_moderator",
    "owner",
    "former",
    "banned",
    "site_moderator",
    "suspended",
    "admin",
)
VISIBILITIES = ("public", "private", "hidden")
POLICY = {"public": "open", "private": "request", "hidden": "invite"}
TOKEN = "a-token-of-forty-three-characters-for-tests"
MARKER = "Xyzzyplugh"


@dataclass
class World:
    """One club, everything that hangs on it, and a client for each kind of reader."""

    visibility: str
    readers: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, ApiClient] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, visibility: str) -> World:
        """Make the world of a club of `visibility`; the marker is in all that is its own."""
        world = cls(visibility)
        readers = world.readers
        for kind in KINDS[1:]:
            readers[kind] = UserFactory(
                username=kind.replace("_", "-"),
                moderator=kind == "site_moderator",
                admin=kind == "admin",
            )
        club = ClubFactory(
            name=f"{MARKER} club",
            description=f"{MARKER} meets on Mondays",
            visibility=visibility,
            join_policy=POLICY[visibility],
            owner=readers["owner"],
        )
        extra = {name: UserFactory(username=name) for name in ("other", "asker", "outcast")}
        member_of(club, readers["member"])
        member_of(club, readers["club_moderator"], role="moderator")
        member_of(club, readers["suspended"])
        member_of(club, extra["other"])
        member_of(club, readers["invited"], state="invited")
        member_of(club, readers["former"], state="left")
        member_of(club, readers["banned"], state="banned")
        member_of(club, extra["outcast"], state="banned")
        member_of(club, extra["asker"], state="requested")
        world._fill(club, extra)
        world._clients()
        return world

    def _fill(self, club: Club, extra: dict[str, Any]) -> None:
        other = extra["other"]
        listed = BookFactory(title="Read", isbns=["9780306406157"])
        proposed, free = (BookFactory(title=title) for title in ("Wished", "New"))
        today = timezone.now().date()
        reading = ListEntry.objects.create(
            club=club, book=listed, status="reading", position=1, proposed_by=other,
            started_on=today, pitch=f"{MARKER} pitch",
        )  # fmt: skip
        wish = ListEntry.objects.create(
            club=club, book=proposed, status="proposed", position=2, proposed_by=other,
            pitch=f"{MARKER} wish",
        )  # fmt: skip
        review = ReviewFactory(
            book=listed, author=other, club=club, title=f"{MARKER} title", text=f"{MARKER} text"
        )
        own = {
            kind: ReviewFactory(book=free, author=reader).pk
            for kind, reader in self.readers.items()
        }
        open_review = Review.objects.get(pk=own["stranger"])
        addressed = Invitation.objects.create(
            club=club, reader=self.readers["invited"], created_by=self.readers["owner"]
        )
        link = Invitation.objects.create(
            club=club,
            created_by=self.readers["owner"],
            token_digest=digest_of(TOKEN),
            max_uses=5,
            expires_at=timezone.now() + timedelta(days=1),
        )
        report = Report.objects.create(
            reporter=extra["asker"],
            target_kind="review",
            target_id=review.pk,
            about=other,
            reason="spam",
        )
        self.names = {
            "report": report.pk,
            "slug": club.slug,
            "book": listed.pk,
            "free": free.pk,
            "entry": wish.pk,
            "entry_book": proposed.pk,
            "reading": reading.pk,
            "review": review.pk,
            "open_review": open_review.pk,
            "own": own,
            "link": link.pk,
            "addressed": addressed.pk,
            "token": TOKEN,
            "session": SessionFactory(reader=other).pk,
            "isbn": listed.isbns.values_list("isbn13", flat=True).first(),
        }

    def _clients(self) -> None:
        for kind in KINDS:
            self.clients[kind] = ApiClient(self.readers.get(kind))
        suspended = self.readers["suspended"]
        suspended.suspended_at = timezone.now()
        suspended.save(update_fields=["suspended_at"])
