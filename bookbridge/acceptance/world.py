"""The whole world, and how it is told."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.services import suspend_reader
from bookbridge.acceptance import clubs, readers
from bookbridge.acceptance.readers import Actor
from clubs.models import Book, Club
from reviews.models import Review
from reviews.services import edit_review, hide_review, like_review, publish_review

Json = dict[str, Any]


@transaction.atomic
def ready_world() -> Json:
    """Make everything, or make it right again; gives all that a client needs to know of it.

    Raises:
        DomainError: something of somebody else is in the way.
    """
    actors = {kind: readers.ready_reader(kind) for kind in readers.KINDS}
    books = clubs.ready_books()
    told: dict[str, Json] = {}
    for number, visibility in enumerate(clubs.POLICIES):
        club = clubs.ready_club(visibility, actors)
        entries = clubs.ready_list(club, number, books, actors)
        told[visibility] = {
            "id": club.pk,
            "slug": club.slug,
            "invitation_token": clubs.ready_link(club, actors["owner"].reader),
            "finished_book": books[number].pk,
            "entries": entries,
            "reviews": _in_club(club, books[number], actors),
        }
    public = _public(books, actors)
    like_review(
        review=Review.objects.get(pk=told["public"]["reviews"]["member"]),
        by=actors["stranger"].reader,
    )
    suspend_reader(reader=actors["suspended"].reader, by=None, reason="Acceptance.")
    return {
        "readers": {kind: actor.as_json() for kind, actor in actors.items()},
        "clubs": told,
        "books": [{"id": book.pk, "title": book.title} for book in books],
        "reviews": public,
    }


def _in_club(club: Club, book: Book, actors: dict[str, Actor]) -> Json:
    """What members think of the book that their club has finished."""
    return {
        "member": _review(actors["member"], book, 9, "We *loved* it.", club=club),
        "club_moderator": _review(actors["club_moderator"], book, 6, "", club=club),
        "owner": _review(
            actors["owner"], book, 8, "In the end it was a dream.", club=club, spoilers=True
        ),
    }


def _public(books: list[Book], actors: dict[str, Actor]) -> Json:
    """Reviews without a club: one that others like, and one that a moderator has hidden."""
    liked = _review(actors["stranger"], books[-2], 10, "Read it **twice**.")
    like_review(review=Review.objects.get(pk=liked), by=actors["member"].reader)
    hidden = _review(actors["banned"], books[-1], 1, "Buy my own book instead.")
    hide_review(
        review=Review.objects.get(pk=hidden),
        by=actors["site_moderator"].reader,
        reason="Advertising.",
    )
    return {"public": liked, "hidden": hidden}


def _review(
    actor: Actor,
    book: Book,
    rating: int,
    text: str,
    *,
    club: Club | None = None,
    spoilers: bool = False,
) -> int:
    """The reader's review of a book, as it is here (in the right club) or published now."""
    review = Review.objects.filter(author=actor.reader, book=book).first()
    if review is None:
        review = publish_review(
            by=actor.reader, book=book, rating=rating, text=text, contains_spoilers=spoilers,
            club=club,
        )  # fmt: skip
    elif review.club != club:
        edit_review(review=review, by=actor.reader, changes={"club": club})
    return review.pk
