"""A book's count, mean and histogram equal a recount, whatever happens to its reviews."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.privacy import erase
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from bookbridge.kernel.errors import DomainError
from clubs.books.models import Book
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club
from clubs.membership.services import delete_club, edit_club
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.tests.factories import EntryFactory
from reviews import services
from reviews.models import Review
from reviews.recount import recount_likes
from reviews.services import recount_books
from reviews.tests.factories import LikeFactory, ReviewFactory


class World:
    """Readers who are members of every club, and clubs that read every book."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.owner = UserFactory()
        self.readers = [UserFactory() for _ in range(4)]
        self.books = [BookFactory() for _ in range(2)]
        self.clubs = [self.found(**traits) for traits in ({}, {"private": True}, {"hidden": True})]

    def found(self, **traits: Any) -> Club:
        club = ClubFactory(owner=self.owner, **traits)
        for reader in self.readers:
            member_of(club, reader)
        for book in self.books:
            EntryFactory(club=club, book=book, finished=True)
        return club

    def step(self, act: str) -> None:
        try:
            getattr(self, act)()
        except DomainError as error:
            if error.code != "already_reviewed":
                raise

    def _review(self) -> Review | None:
        found = list(Review.objects.order_by("pk"))
        return self.dice.choice(found) if found else None

    def _club(self) -> Club | None:
        found = [*Club.objects.order_by("pk"), None]
        return self.dice.choice(found)

    def publish(self) -> None:
        if self.readers:
            services.publish_review(
                by=self.dice.choice(self.readers),
                book=self.dice.choice(self.books),
                rating=self.dice.randint(1, 10),
                club=self._club(),
            )

    def edit(self) -> None:
        review = self._review()
        if review:
            changes: dict[str, Any] = {"rating": self.dice.randint(1, 10)}
            if self.dice.random() < 0.5:
                changes["club"] = self._club()
            services.edit_review(review=review, by=review.author, changes=changes)

    def delete(self) -> None:
        review = self._review()
        if review:
            services.delete_review(review=review, by=review.author)

    def hide(self) -> None:
        review = self._review()
        if review:
            services.hide_review(review=review, by=self.owner, reason="")

    def show(self) -> None:
        review = self._review()
        if review:
            services.show_review(review=review, by=self.owner, reason="")

    def like(self) -> None:
        review = self._review()
        if review:
            act = self.dice.choice((services.like_review, services.unlike_review))
            with suppress(DomainError):  # one's own, or not to be seen
                act(review=review, by=self.dice.choice([self.owner, *self.readers]))

    def turn(self) -> None:
        club = self._club()
        if club:
            edit_club(
                club=club,
                by=self.owner,
                changes={"visibility": self.dice.choice(("public", "private", "hidden"))},
                confirm_visibility=True,
            )

    def close(self) -> None:
        club = self._club()
        if club:
            delete_club(club=club, by=self.owner)
            self.found()

    def leave(self) -> None:
        if len(self.readers) > 1:
            erase(self.readers.pop(self.dice.randrange(len(self.readers))))


ACTS = ("publish", "publish", "publish", "edit", "edit", "delete", "hide", "show", "like",
        "turn", "turn", "close", "leave")  # fmt: skip


class TestAnySequence(TestCase):
    @settings(max_examples=25)
    @given(
        acts=st.lists(st.sampled_from(ACTS), min_size=5, max_size=30),
        dice=st.integers(min_value=0, max_value=2**32),
    )
    def test_of_acts_leaves_the_aggregates_equal_to_a_recount(
        self, acts: list[str], dice: int
    ) -> None:
        world = World(random.Random(dice))
        for act in acts:
            world.step(act)
            assert recount_books() == [], act
            assert list(wrong_months()) == [], act
            assert recount_likes() == [], act


@pytest.mark.django_db
class TestRecount:
    def test_it_finds_and_heals(self) -> None:
        review = ReviewFactory(rating=8)
        sound = ReviewFactory(rating=8).book
        Book.objects.filter(pk=review.book_id).update(
            rating_count=F("rating_count") + 1, rating_sum=F("rating_sum") + 3, stars_15=1
        )
        found = recount_books()
        assert [each.book_id for each in found] == [review.book_id]
        assert (found[0].kept_count, found[0].kept_sum) == (2, 11)
        assert (found[0].kept, found[0].counted) == ({8: 1, 3: 1}, {8: 1})
        assert recount_books([sound.pk]) == []
        assert len(recount_books([review.book_id, sound.pk, 10**9], heal=True)) == 1
        assert recount_books() == []
        assert list(wrong_months()) == []
        review.book.refresh_from_db()
        assert (review.book.rating_count, review.book.rating_sum) == (1, 8)

    def test_it_finds_a_wrong_histogram_under_right_sums(self) -> None:
        review = ReviewFactory(rating=8)
        Book.objects.filter(pk=review.book_id).update(stars_40=0, stars_45=1)
        assert len(recount_books(heal=True)) == 1
        assert recount_books() == []
        assert list(wrong_months()) == []

    def test_it_goes_through_all_books(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("reviews.recount.BATCH", 2)
        books = [ReviewFactory().book for _ in range(5)]
        Book.objects.update(rating_count=0, rating_sum=0)
        assert [each.book_id for each in recount_books()] == [book.pk for book in books]
        assert len(recount_books(book.pk for book in books)) == 5

    def test_likes_are_recounted_too(self) -> None:
        like = LikeFactory()
        Review.objects.filter(pk=like.review_id).update(likes_count=5)
        assert recount_likes(heal=True) == [(like.review_id, 5, 1)]
        assert recount_likes() == []
