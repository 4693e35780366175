"""The rules of reviews and likes, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.kernel.announcements import changed
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed, Stale, Unauthenticated
from clubs.books.models import Book
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.tests.factories import EntryFactory
from reviews import services
from reviews.models import Like, Review
from reviews.tests.factories import LikeFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def club_reading(book: Book, *members: Any, **traits: Any) -> Club:
    club = ClubFactory(**traits)
    EntryFactory(club=club, book=book, reading=True)
    for member in members:
        member_of(club, member)
    return club


def numbers(book: Book) -> tuple[int, int]:
    book.refresh_from_db()
    assert services.recount_books([book.pk]) == []
    return book.rating_count, book.rating_sum


def refusal(act: Any) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


class TestPublishing:
    def test_a_rating_alone_is_a_review(self) -> None:
        ana, book = UserFactory(language="pt-br"), BookFactory()
        review = services.publish_review(by=ana, book=book, rating=9)
        assert (review.rating, review.title, review.text, review.text_html) == (9, "", "", "")
        assert (review.language, review.club, review.edited_at) == ("pt-br", None, None)
        assert numbers(book) == (1, 9)
        assert book.stars_45 == 1

    def test_the_text_is_rendered_without_danger(self) -> None:
        text = "It *stays* <script>alert(1)</script>"
        review = services.publish_review(by=UserFactory(), book=BookFactory(), rating=2, text=text)
        assert "<em>stays</em>" in review.text_html
        assert "<script" not in review.text_html

    def test_one_for_each_book_and_reader(self) -> None:
        first = ReviewFactory(rating=4)
        with pytest.raises(DomainError) as refused:
            services.publish_review(by=first.author, book=first.book, rating=10)
        assert refused.value.code == "already_reviewed"
        url = f"/api/v1/reviews/{first.pk}/"
        assert refused.value.extra["existing"] == {"id": first.pk, "url": url}
        assert numbers(first.book) == (1, 4)
        services.publish_review(by=first.author, book=BookFactory(), rating=10)
        services.publish_review(by=UserFactory(), book=first.book, rating=10)
        assert numbers(first.book) == (2, 14)

    def test_in_a_club_that_reads_the_book(self) -> None:
        ana, book = UserFactory(), BookFactory()
        club = club_reading(book, ana)
        review = services.publish_review(by=ana, book=book, rating=6, club=club)
        assert review.club == club
        assert numbers(book) == (1, 6)

    @pytest.mark.parametrize("trait", ["private", "hidden"])
    def test_reviews_of_closed_clubs_do_not_count(self, trait: str) -> None:
        ana, book = UserFactory(), BookFactory()
        club = club_reading(book, ana, **{trait: True})
        services.publish_review(by=ana, book=book, rating=6, club=club)
        assert numbers(book) == (0, 0)

    def test_members_only(self) -> None:
        book = BookFactory()
        club = club_reading(book)
        with pytest.raises(NotAllowed) as refused:
            services.publish_review(by=UserFactory(), book=book, rating=6, club=club)
        assert refused.value.code == "not_a_member"

    @pytest.mark.parametrize("status", ["proposed", "planned", "dropped", None])
    def test_the_club_must_be_reading_or_have_finished(self, status: str | None) -> None:
        ana, book = UserFactory(), BookFactory()
        club = ClubFactory(owner=ana)
        if status:
            EntryFactory(club=club, book=book, status=status)
        act = lambda: services.publish_review(by=ana, book=book, rating=6, club=club)  # noqa: E731
        assert refusal(act) == "book_not_being_read"
        assert numbers(book) == (0, 0)

    def test_not_in_an_archived_club(self) -> None:
        ana, book = UserFactory(), BookFactory()
        club = club_reading(book, ana, archived=True)
        act = lambda: services.publish_review(by=ana, book=book, rating=6, club=club)  # noqa: E731
        assert refusal(act) == "club_archived"

    def test_what_is_gone_is_missing(self) -> None:
        ana, book = UserFactory(), BookFactory()
        club = club_reading(book, ana)
        Club.objects.filter(pk=club.pk).delete()
        with pytest.raises(Missing):
            services.publish_review(by=ana, book=book, rating=6, club=club)
        Book.objects.filter(pk=book.pk).delete()
        with pytest.raises(Missing):
            services.publish_review(by=ana, book=book, rating=6)

    def test_nobody_writes_after_leaving(self) -> None:
        ana = UserFactory()
        User.objects.filter(pk=ana.pk).update(erased_at="2026-01-01T00:00Z", email=None)
        with pytest.raises(Unauthenticated):
            services.publish_review(by=ana, book=BookFactory(), rating=6)

    def test_a_review_makes_another_readers_book_shared(self) -> None:
        ana = UserFactory()
        own, other = BookFactory(added_by=ana), BookFactory(added_by=UserFactory())
        for book in (own, other):
            services.publish_review(by=ana, book=book, rating=6)
            book.refresh_from_db()
        assert own.shared_at is None
        assert other.shared_at is not None


class TestEditing:
    def test_an_edit_counts_and_is_dated(self) -> None:
        review = ReviewFactory(rating=4)
        changes = {"rating": 10, "text": "**Better** now."}
        edited = services.edit_review(review=review, by=review.author, changes=changes)
        edited.refresh_from_db()
        assert (edited.rating, edited.version) == (10, 2)
        assert edited.text_html == "<p><strong>Better</strong> now.</p>\n"
        assert edited.edited_at is not None
        assert numbers(review.book) == (1, 10)

    def test_what_stays_the_same_is_no_edit(self) -> None:
        review = ReviewFactory()
        same = {"rating": review.rating, "text": review.text, "club": None}
        edited = services.edit_review(review=review, by=review.author, changes=same)
        assert (edited.version, edited.edited_at) == (1, None)

    def test_by_its_author_alone(self) -> None:
        review = ReviewFactory()
        for act in (
            lambda: services.edit_review(review=review, by=UserFactory(), changes={"rating": 1}),
            lambda: services.delete_review(review=review, by=UserFactory()),
        ):
            assert refusal(act) == "not_your_review"

    def test_a_stale_edit_is_refused(self) -> None:
        review = ReviewFactory()
        seen = frozenset({1})
        for rating in (1, 2):
            act = lambda rating=rating: services.edit_review(  # noqa: E731
                review=review, by=review.author, changes={"rating": rating}, expected=seen
            )
            if rating == 1:
                act()
            else:
                with pytest.raises(Stale):
                    act()
        with pytest.raises(Stale):
            services.delete_review(review=review, by=review.author, expected=seen)

    def test_moving_into_a_private_club_stops_it_counting(self) -> None:
        review = ReviewFactory(rating=7)
        club = club_reading(review.book, review.author, private=True)

        def move(to: Club | None, **more: Any) -> None:
            services.edit_review(review=review, by=review.author, changes={"club": to, **more})

        move(club)
        assert numbers(review.book) == (0, 0)
        move(club, rating=3)
        assert numbers(review.book) == (0, 0)
        public = club_reading(review.book, review.author)
        move(public, rating=5)
        assert numbers(review.book) == (1, 5)
        move(None)
        assert numbers(review.book) == (1, 5)

    def test_moving_has_the_rules_of_publishing(self) -> None:
        review = ReviewFactory()
        ana = review.author
        refusals = []
        for club in (
            club_reading(review.book),
            club_reading(review.book, ana, archived=True),
            ClubFactory(owner=ana),
        ):
            act = lambda club=club: services.edit_review(  # noqa: E731
                review=review, by=ana, changes={"club": club}
            )
            refusals.append(refusal(act))
        assert refusals == ["not_a_member", "club_archived", "book_not_being_read"]

    def test_who_left_the_club_still_edits_what_they_wrote_there(self) -> None:
        review = ReviewFactory(club=ClubFactory(archived=True), rating=4)
        same_club = {"rating": 8, "club": review.club}
        services.edit_review(review=review, by=review.author, changes=same_club)
        assert numbers(review.book) == (1, 8)


class TestDeletingAndHiding:
    def test_deleting_takes_likes_and_the_rating_along(self) -> None:
        like = LikeFactory(review__rating=5)
        services.delete_review(review=like.review, by=like.review.author)
        assert not Like.objects.exists()
        assert numbers(like.review.book) == (0, 0)
        with pytest.raises(Missing):
            services.delete_review(review=like.review, by=like.review.author)

    def test_a_hidden_review_does_not_count_until_it_is_shown(self) -> None:
        review, moderator = ReviewFactory(rating=5), UserFactory()
        for _ in range(2):
            services.hide_review(review=review, by=moderator, reason="Spam.")
            assert numbers(review.book) == (0, 0)
        services.edit_review(review=review, by=review.author, changes={"rating": 10})
        assert numbers(review.book) == (0, 0)
        for _ in range(2):
            services.show_review(review=review, by=moderator, reason="It was none.")
            assert numbers(review.book) == (1, 10)


class TestLikes:
    def test_once_for_each_reader(self) -> None:
        review, ana, bia = ReviewFactory(), UserFactory(), UserFactory()
        for reader in (ana, ana, bia):
            services.like_review(review=review, by=reader)
        review.refresh_from_db()
        assert (review.likes_count, review.likes.count(), review.version) == (2, 2, 1)
        for reader in (ana, ana):
            services.unlike_review(review=review, by=reader)
        review.refresh_from_db()
        assert (review.likes_count, review.likes.count()) == (1, 1)

    def test_not_ones_own(self) -> None:
        review = ReviewFactory()
        act = lambda: services.like_review(review=review, by=review.author)  # noqa: E731
        assert refusal(act) == "own_review"

    def test_only_what_one_may_read(self) -> None:
        reader = UserFactory()
        for review in (ReviewFactory(hidden=True), ReviewFactory(club=ClubFactory(private=True))):
            for act in (services.like_review, services.unlike_review):
                with pytest.raises(Missing):
                    act(review=review, by=reader)


def test_writes_are_announced(django_capture_on_commit_callbacks: Any) -> None:
    heard: list[tuple[str, int, int]] = []

    def listen(**what: Any) -> None:
        if what["kind"] in ("review", "like", "visibility"):
            heard.append((what["kind"], what["by_id"], what["book_id"]))

    changed.connect(listen)
    ana, bia, book = UserFactory(), UserFactory(), BookFactory()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            review = services.publish_review(by=ana, book=book, rating=3)
            services.edit_review(review=review, by=ana, changes={"rating": 4})
            services.like_review(review=review, by=bia)
            services.hide_review(review=review, by=bia, reason="")
            services.delete_review(review=review, by=ana)
    finally:
        changed.disconnect(listen)
    assert heard == [
        ("review", ana.pk, book.pk),
        ("review", ana.pk, book.pk),
        ("like", bia.pk, book.pk),
        ("visibility", bia.pk, book.pk),
        ("review", ana.pk, book.pk),
    ]
    assert not Review.objects.exists()
