"""Many readers at the same reviews at the same moment; the numbers stay right."""

from __future__ import annotations

import random
from datetime import date
from functools import partial
from typing import Any

import pytest

from accounts.privacy import erase
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Membership
from clubs.membership.services import delete_club, edit_club, remove_member
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.tests.factories import EntryFactory
from clubs.reading.tests.race import race, statuses
from reviews.models import Like, Review
from reviews.months import by_month
from reviews.recount import recount_likes
from reviews.services import delete_review, publish_review, recount_books
from reviews.tests.factories import LikeFactory, ReviewFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _the_numbers_are_right() -> Any:
    yield
    assert recount_books() == []
    assert list(wrong_months()) == []
    assert recount_likes() == []


def test_of_twenty_reviews_by_one_reader_one_is_published(api: Any) -> None:
    ana, book = UserFactory(), BookFactory()
    clients = [api(ana) for _ in range(20)]
    answers = race(
        *(
            lambda c=c, n=n: c.post("reviews/", {"book": book.pk, "rating": n % 10 / 2 + 0.5})
            for n, c in enumerate(clients)
        )
    )
    assert statuses(answers) == [201] + [409] * 19
    kept = Review.objects.get()
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["existing"]["id"] == kept.pk
    book.refresh_from_db()
    assert (book.rating_count, book.rating_sum) == (1, kept.rating)


def test_twenty_readers_of_one_book_all_count(api: Any) -> None:
    book = BookFactory()
    clients = [api(UserFactory()) for _ in range(20)]
    answers = race(
        *(lambda c=c: c.post("reviews/", {"book": book.pk, "rating": 3.5}) for c in clients)
    )
    assert statuses(answers) == [201] * 20
    book.refresh_from_db()
    assert (book.rating_count, book.rating_sum, book.stars_35) == (20, 140, 20)


def test_twenty_readers_of_twenty_books_and_two_who_come_and_go() -> None:
    """The parts of the site are shared by books; nobody waits in a circle."""
    books = [BookFactory() for _ in range(20)]
    owner = UserFactory()
    club = ClubFactory(owner=owner)
    for book in books:
        ReviewFactory(book=book, club=club)
    gone = [ReviewFactory(book=book, author=UserFactory()) for book in reversed(books)]
    acts: list[Any] = [
        lambda book=book: publish_review(by=UserFactory(), book=book, rating=7) for book in books
    ]
    acts += [
        lambda: edit_club(club=club, by=owner, changes={"visibility": "private"}),
        *(lambda each=each: delete_review(review=each, by=each.author) for each in gone[:10]),
    ]
    random.shuffle(acts)
    race(*acts)
    assert Review.objects.count() == 20 + 20 + 20 - 10
    assert sum(by_month(book_id=None, since=date(2000, 1, 1)).values()) == 20 + 10


def test_one_key_sent_twenty_times_publishes_once(api: Any) -> None:
    ana, book = UserFactory(), BookFactory()
    clients = [api(ana) for _ in range(20)]
    key = {"Idempotency-Key": "once"}
    body = {"book": book.pk, "rating": 5}
    answers = race(*(lambda c=c: c.post("reviews/", body, headers=key) for c in clients))
    assert set(statuses(answers)) <= {201, 409}
    good = [answer.json() for answer in answers if answer.status_code == 201]
    assert good
    assert all(each == good[0] for each in good)
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused <= {"request_in_progress"}
    assert Review.objects.count() == 1


def test_of_twenty_edits_by_the_same_tag_one_wins(api: Any) -> None:
    review = ReviewFactory(rating=1)
    clients = [api(review.author) for _ in range(20)]
    path = f"reviews/{review.pk}/"
    held = {"If-Match": clients[0].get(path)["ETag"]}
    answers = race(
        *(
            lambda c=c, n=n: c.patch(path, {"rating": 1 + n % 9 / 2}, headers=held)
            for n, c in enumerate(clients)
        )
    )
    assert statuses(answers) == [200] + [412] * 19
    review.refresh_from_db()
    assert review.version == 2


def test_edits_without_a_tag_all_count(api: Any) -> None:
    book = BookFactory()
    reviews = [ReviewFactory(book=book, rating=1) for _ in range(4)]
    acts = []
    for review in reviews:
        for n in range(5):
            client, path = api(review.author), f"reviews/{review.pk}/"
            acts.append(lambda c=client, p=path, n=n: c.patch(p, {"rating": 1.5 + n / 2}))
    random.shuffle(acts)
    assert statuses(race(*acts)) == [200] * 20
    assert {review.version for review in Review.objects.all()} == {6}


def test_likes_and_their_withdrawal_at_once(api: Any) -> None:
    review = ReviewFactory()
    path = f"reviews/{review.pk}/like/"
    clients = [api(UserFactory()) for _ in range(8)]
    acts = [lambda c=c: c.put(path) for c in clients for _ in range(2)]
    acts += [lambda c=c: c.delete(path) for c in clients[:4]]
    assert statuses(race(*acts)) == [204] * 20
    review.refresh_from_db()
    assert review.likes_count == Like.objects.count()
    assert review.likes_count >= 4


@pytest.mark.parametrize("times", range(3))
def test_a_deletion_crossing_likes_and_edits(api: Any, times: int) -> None:
    review = ReviewFactory()
    LikeFactory(review=review)
    path = f"reviews/{review.pk}/"
    author = [api(review.author) for _ in range(3)]
    clients = [api(UserFactory()) for _ in range(12)]
    acts = [lambda c=c: c.put(f"{path}like/") for c in clients]
    acts.insert(4, lambda: author[0].delete(path))
    acts.insert(2, lambda: author[1].patch(path, {"rating": 1}))
    acts.insert(6, lambda: author[2].delete(path))
    assert set(statuses(race(*acts))) <= {200, 204, 404}
    assert not Review.objects.exists()
    assert not Like.objects.exists()


@pytest.mark.parametrize("times", range(3))
def test_a_club_that_turns_private_crossing_its_reviews(api: Any, times: int) -> None:
    owner = UserFactory()
    club, book = ClubFactory(owner=owner), BookFactory()
    EntryFactory(club=club, book=book, reading=True)
    members = [member_of(club, UserFactory()).reader for _ in range(10)]
    body = {"book": book.pk, "rating": 4, "club": club.slug}
    clients = [api(reader) for reader in members]
    older = [ReviewFactory(club=club, book=book) for _ in range(4)]
    acts = [lambda c=c: c.post("reviews/", body) for c in clients]
    for place, visibility in enumerate(("private", "public", "hidden")):
        acts.insert(
            place * 3,
            lambda v=visibility: edit_club(
                club=club, by=owner, changes={"visibility": v}, confirm_visibility=True
            ),
        )
    for review in older[:2]:
        acts.append(partial(api(review.author).delete, f"reviews/{review.pk}/"))
    for review in older[2:]:
        acts.append(partial(api(review.author).patch, f"reviews/{review.pk}/", {"club": None}))
    results = race(*acts)
    assert not [each for each in results if isinstance(each, Exception)]
    answers = [each for each in results if hasattr(each, "status_code")]
    assert set(statuses(answers)) <= {200, 201, 204}


@pytest.mark.parametrize("trait", ["public", "private"])
def test_the_deletion_of_a_club_crossing_its_reviews(api: Any, trait: str) -> None:
    owner = UserFactory()
    club, book = ClubFactory(owner=owner, visibility=trait), BookFactory()
    EntryFactory(club=club, book=book, reading=True)
    members = [member_of(club, UserFactory()).reader for _ in range(8)]
    older = [ReviewFactory(club=club, book=book, author=reader) for reader in members[:4]]
    body = {"book": book.pk, "rating": 4, "club": club.slug}
    acts = [partial(api(reader).post, "reviews/", body) for reader in members[4:]]
    acts.insert(2, partial(delete_club, club=club, by=owner))
    for review in older:
        path = f"reviews/{review.pk}/"
        acts.append(partial(api(review.author).patch, path, {"rating": 1}))
        acts.append(partial(api(members[-1]).put, f"{path}like/"))
    results = race(*acts)
    assert not [each for each in results if isinstance(each, Exception)]
    answers = [each for each in results if hasattr(each, "status_code")]
    assert set(statuses(answers)) <= {200, 201, 204, 404}
    assert not Review.objects.filter(club__isnull=False).exists()


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("times", range(3))
def test_nothing_is_published_by_who_is_leaving(times: int, before: int) -> None:
    ana = UserFactory()
    books = [BookFactory() for _ in range(6)]
    for book in books[:before]:
        ReviewFactory(author=ana, book=book)
    acts = [lambda b=b: publish_review(by=ana, book=b, rating=5) for b in books[2:]]
    acts.insert(times, lambda: erase(ana))
    results = race(*acts)
    codes = {getattr(each, "code", None) for each in results if isinstance(each, Exception)}
    assert codes <= {"not_authenticated"}
    assert not Review.objects.filter(author=ana).exists()


def test_a_removal_crossing_a_review_leaves_none_after_it(api: Any) -> None:
    owner = UserFactory()
    club = ClubFactory(owner=owner)
    books = [BookFactory() for _ in range(8)]
    for book in books:
        EntryFactory(club=club, book=book, reading=True)
    ana = member_of(club, UserFactory()).reader
    clients = [api(ana) for _ in books]
    acts = [
        lambda c=c, b=b: c.post("reviews/", {"book": b.pk, "rating": 3, "club": club.slug})
        for c, b in zip(clients, books, strict=True)
    ]
    acts.insert(4, lambda: remove_member(club=club, reader=ana, by=owner))
    results = race(*acts)
    answers = [each for each in results if hasattr(each, "status_code")]
    assert set(statuses(answers)) <= {201, 403}
    removed_at = Membership.objects.get(club=club, reader=ana).updated_at
    late = Review.objects.filter(created_at__gt=removed_at)
    assert not late.exists()
