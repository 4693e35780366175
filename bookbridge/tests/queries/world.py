"""A world in which every list has one row, or twenty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.moderation.notices import notify
from accounts.tests.factories import UserFactory
from bookbridge.tests.access.world import TOKEN
from clubs.books.tests.factories import BookFactory
from clubs.membership.invitations import digest_of
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.models import Club, Invitation
from clubs.reading.tests.factories import EntryFactory
from reviews.moderation.hiding import hide_review
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import LikeFactory, ReviewFactory

ISBN = "9780306406157"


@dataclass(frozen=True)
class World:
    """Who asks, and the names of what is asked for."""

    reader: Any
    names: dict[str, Any]


def build(rows: int) -> World:
    """Make it: `rows` of everything that any list shows.

    The reader owns the club and is a site moderator, so that nothing is closed to them.
    """
    reader = UserFactory(username="asks", moderator=True)
    author = UserFactory(username="other")
    club = ClubFactory(owner=reader, name="The club")
    member_of(club, author)
    book = BookFactory(isbns=[ISBN], authors=["An Author", "Another Author"])
    review = ReviewFactory(book=book, author=author, club=club)
    LikeFactory(review=review, reader=reader)
    entry = EntryFactory(club=club, book=book, reading=True)
    report = report_of("review", review.pk)
    _link(club, reader, digest_of(TOKEN))
    for number in range(rows):
        other = UserFactory()
        member_of(club, other)
        member_of(club, UserFactory(), state="banned")
        member_of(club, UserFactory(), state="requested")
        elsewhere = ClubFactory(owner=other)
        member_of(elsewhere, author)
        member_of(elsewhere, reader, state="invited")
        Invitation.objects.create(club=elsewhere, reader=reader, created_by=other)
        _link(club, reader, f"{number}")
        more = BookFactory(authors=[f"Author {number}", "An Author"])
        EntryFactory(club=club, book=more, proposed_by=other, finished=True)
        EntryFactory(club=elsewhere, book=book, finished=True)
        LikeFactory(review=ReviewFactory(book=book, author=other, club=club), reader=reader)
        ReviewFactory(book=more, author=author)
        report_of("review", ReviewFactory(book=more).pk, by=reader)
        hide_review(review=ReviewFactory(author=reader), by=reader, reason="Advertising.")
        notify([reader.pk], "review_shown", reason="A mistake.", about=("review", review.pk))
    report_of("club", club.slug, by=author)
    names = {
        "slug": club.slug,
        "token": TOKEN,
        "isbn": ISBN,
        "username": author.username,
        "book": book.pk,
        "entry": entry.pk,
        "review": review.pk,
        "report": report.pk,
    }
    return World(reader, names)


def _link(club: Club, by: Any, digest: str) -> None:
    Invitation.objects.create(
        club=club,
        created_by=by,
        token_digest=digest,
        max_uses=5,
        expires_at=timezone.now() + timedelta(days=1),
    )


def path_of(route: str, world: World) -> str:
    """The address of a route (`clubs/{slug}/books/{id}/`) in the world."""
    kinds = {"books/": "book", "stats/books/": "book", "clubs/": "entry", "reviews/": "review"}
    kinds["moderation/reports/"] = "report"
    found = [world.names[kind] for start, kind in kinds.items() if route.startswith(start)]
    return route.format(**world.names, id=found[0] if found else None)
