"""What becomes of reviews when their club changes or goes, or their author leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.privacy import erase
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club
from clubs.membership.services import delete_club, edit_club
from clubs.membership.tests.factories import ClubFactory
from reviews.club_lifecycle import visibility_changed
from reviews.models import Like, Report, Review
from reviews.personal_data import PERSONAL, export
from reviews.services import recount_books
from reviews.tests.factories import LikeFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def turn(club: Club, owner: Any, visibility: str) -> None:
    edit_club(club=club, by=owner, changes={"visibility": visibility}, confirm_visibility=True)


def test_reviews_count_while_their_club_is_public() -> None:
    owner, book = UserFactory(), BookFactory()
    club = ClubFactory(owner=owner)
    ReviewFactory(club=club, book=book, rating=4)
    ReviewFactory(club=club, book=book, rating=10)
    ReviewFactory(club=club, book=book, rating=1, hidden=True)
    ReviewFactory(book=book, rating=2)
    for visibility, sums in (
        ("private", (1, 2)),
        ("hidden", (1, 2)),
        ("public", (3, 16)),
        ("hidden", (1, 2)),
    ):
        turn(club, owner, visibility)
        book.refresh_from_db()
        assert (book.rating_count, book.rating_sum) == sums, visibility
        assert recount_books() == []
        assert list(wrong_months()) == []


@pytest.mark.parametrize("number", [1, 7])
def test_a_change_of_visibility_takes_four_statements_whatever_the_club_read(number: int) -> None:
    club, books = ClubFactory(), [BookFactory() for _ in range(number)]
    for book in books:
        for _ in range(4):
            ReviewFactory(club=club, book=book)
    with CaptureQueriesContext(connection) as queries:
        visibility_changed(club=club, before="public", after="private")
    assert len(queries) == 4  # what counts, the locks of the books, their numbers, the months
    with CaptureQueriesContext(connection) as queries:
        visibility_changed(club=club, before="private", after="hidden")
    assert len(queries) == 0


def test_reviews_of_a_deleted_public_club_become_clubless() -> None:
    owner = UserFactory()
    club = ClubFactory(owner=owner)
    review = ReviewFactory(club=club, rating=6)
    delete_club(club=club, by=owner)
    review.refresh_from_db()
    review.book.refresh_from_db()
    assert (review.club, review.book.rating_count) == (None, 1)
    assert recount_books() == []
    assert list(wrong_months()) == []


@pytest.mark.parametrize("trait", ["private", "hidden"])
def test_reviews_of_any_other_deleted_club_go_with_it(trait: str) -> None:
    owner = UserFactory()
    club = ClubFactory(owner=owner, **{trait: True})
    LikeFactory(review__club=club)
    other = ReviewFactory()
    delete_club(club=club, by=owner)
    assert list(Review.objects.all()) == [other]
    assert not Like.objects.exists()
    assert recount_books() == []
    assert list(wrong_months()) == []


def test_readers_take_out_their_reviews_and_likes() -> None:
    ana = UserFactory()
    review = ReviewFactory(
        author=ana, rating=9, club=ClubFactory(hidden=True, owner=ana), hidden=True
    )
    left = ReviewFactory(author=ana, club=ClubFactory(hidden=True))
    like = LikeFactory(reader=ana)
    mine = export(ana)
    assert mine["reviews"][1]["id"] == left.pk
    assert mine["reviews"][1]["club"] is None
    assert mine["reviews"][:1] == [
        {
            "id": review.pk,
            "book": {"id": review.book_id, "title": review.book.title},
            "club": review.club.slug,
            "rating": 4.5,
            "title": "A title",
            "text": "It *stays* with you.",
            "contains_spoilers": False,
            "language": "en",
            "likes_count": 0,
            "hidden_at": mine["reviews"][0]["hidden_at"],
            "created_at": mine["reviews"][0]["created_at"],
            "edited_at": None,
        }
    ]
    assert [each["review"] for each in mine["likes"]] == [like.review_id]


def test_who_leaves_takes_their_reviews_out_of_the_numbers() -> None:
    ana, book = UserFactory(), BookFactory()
    ReviewFactory(author=ana, book=book, rating=10)
    ReviewFactory(author=ana, club=ClubFactory(private=True))
    ReviewFactory(author=ana, hidden=True)
    LikeFactory(review=ReviewFactory(author=ana, club=ClubFactory()))
    stays = ReviewFactory(book=book, rating=2)
    LikeFactory(reader=ana, review=stays)
    erase(ana)
    assert list(Review.objects.all()) == [stays]
    book.refresh_from_db()
    stays.refresh_from_db()
    assert (book.rating_count, book.rating_sum) == (1, 2)
    assert (stays.likes_count, stays.likes.count()) == (1, 1)
    assert recount_books() == []
    assert list(wrong_months()) == []
    erase(ana)  # once more is no harm


def test_every_model_says_what_is_personal() -> None:
    assert set(PERSONAL) == {"Review", "Like", "Report"}
    for model in (Review, Like, Report):
        fields = {field.name for field in model._meta.fields}
        assert set(PERSONAL[model.__name__]) <= fields
