"""The contract of lists of reviews: filters, orderings, spoilers, cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.tests.factories import LikeFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.json()
    return [each["id"] for each in answer.json()["results"]]


def test_newest_first_by_default_and_page_by_page(api: Any) -> None:
    book = BookFactory()
    made = [ReviewFactory(book=book).pk for _ in range(5)][::-1]
    for path in ("reviews/", f"books/{book.pk}/reviews/"):
        assert ids(api().get(path)) == made
        first = api().get(f"{path}?page_size=2")
        second = api().get(first.json()["next"])
        third = api().get(second.json()["next"])
        assert ids(first) + ids(second) + ids(third) == made
        assert third.json()["next"] is None
        back = api().get(third.json()["previous"])
        assert ids(back) == ids(second)


def test_the_four_orderings(api: Any) -> None:
    low, high, liked = (ReviewFactory(rating=rating).pk for rating in (2, 10, 5))
    for _ in range(2):
        LikeFactory(review_id=liked, review=None)
    orders = {
        "-created_at": [liked, high, low],
        "-likes_count": [liked, high, low],
        "-rating": [high, liked, low],
        "rating": [low, liked, high],
    }
    for ordering, wanted in orders.items():
        path = f"reviews/?ordering={ordering}"
        assert ids(api().get(path)) == wanted, ordering
        first = api().get(f"{path}&page_size=1")
        assert ids(api().get(first.json()["next"])) == wanted[1:2], ordering
    assert api().get("reviews/?ordering=-title").status_code == 400


def test_equal_ratings_page_without_loss(api: Any) -> None:
    made = {ReviewFactory(rating=8).pk for _ in range(7)}
    for ordering in ("-rating", "rating", "-likes_count"):
        seen: list[int] = []
        path: str | None = f"reviews/?ordering={ordering}&page_size=3"
        while path:
            answer = api().get(path)
            seen += ids(answer)
            path = answer.json()["next"]
        assert len(seen) == 7
        assert set(seen) == made


def test_filters(api: Any) -> None:
    club, ana = ClubFactory(), UserFactory(username="ana")
    one = ReviewFactory(rating=3, language="pt-br", author=ana)
    two = ReviewFactory(rating=9, club=club)
    found = {
        f"book={one.book_id}": [one.pk],
        f"club={club.slug}": [two.pk],
        "author=ana": [one.pk],
        "author=ANA": [one.pk],
        "author=nobody": [],
        "club=never-was": [],
        "rating_min=1.5": [two.pk, one.pk],
        "rating_min=2": [two.pk],
        "rating_max=1.5": [one.pk],
        "rating_min=1.5&rating_max=4.5": [two.pk, one.pk],
        "language=pt-br": [one.pk],
        "language=PT-BR": [one.pk],
        "language=en&author=ana": [],
    }
    for query, wanted in found.items():
        assert ids(api().get(f"reviews/?{query}")) == wanted, query
    for wrong in ("book=x", "rating_min=0.3", "rating_max=9", "language=1", "colour=red", "book="):
        assert api().get(f"reviews/?{wrong}").status_code == 400, wrong


def test_reviews_of_a_book(api: Any) -> None:
    review = ReviewFactory(rating=4)
    ReviewFactory()
    path = f"books/{review.book_id}/reviews/"
    assert ids(api().get(path)) == [review.pk]
    assert ids(api().get(f"{path}?rating_min=3")) == []
    assert api().get(f"{path}?book=1").status_code == 400
    assert ids(api().get(f"books/{BookFactory().pk}/reviews/")) == []
    assert api().get("books/999999999/reviews/").status_code == 404
    assert api().get(f"books/{10**30}/reviews/").status_code == 404


def test_reviews_of_a_reader(api: Any) -> None:
    private = ClubFactory(private=True)
    ana = member_of(private, UserFactory(username="ana")).reader
    public, inside = ReviewFactory(author=ana), ReviewFactory(author=ana, club=private)
    ReviewFactory()
    member = member_of(private, UserFactory()).reader
    assert ids(api().get("users/ana/reviews/")) == [public.pk]
    assert ids(api().get("users/ANA/reviews/")) == [public.pk]
    for viewer in (ana, member):
        assert ids(api(viewer).get("users/ana/reviews/")) == [inside.pk, public.pk]
    assert ids(api(ana).get("users/me/reviews/")) == [inside.pk, public.pk]
    assert api().get("users/me/reviews/").status_code == 401
    assert api().get("users/nobody/reviews/").status_code == 404
    gone = UserFactory(erased=True)
    assert api().get(f"users/{gone.username}/reviews/").status_code == 404


def test_spoilers_are_locked_unless_asked_for(api: Any) -> None:
    review = ReviewFactory(spoilers=True, title="The end", text="Everybody dies.")
    own, other = api(review.author), api(UserFactory())
    for path in (
        f"reviews/{review.pk}/",
        "reviews/",
        f"books/{review.book_id}/reviews/",
        f"users/{review.author.username}/reviews/",
    ):

        def seen(client: Any, query: str = "", path: str = path) -> dict[str, Any]:
            data = client.get(path + query).json()
            return data["results"][0] if "results" in data else data

        for client in (api(), other):
            for query in ("", "?spoilers=hide"):
                locked = seen(client, query)
                assert locked["locked"] is True
                assert (locked["title"], locked["text"], locked["text_html"]) == (None, None, None)
                assert locked["rating"] == 4.0
                assert "dies" not in client.get(path + query).content.decode()
            shown = seen(client, "?spoilers=show")
            assert (shown["locked"], shown["text"]) == (False, "Everybody dies.")
        assert seen(own)["text"] == "Everybody dies."
        assert seen(own)["locked"] is False
        assert api().get(f"{path}?spoilers=maybe").status_code == 400


def test_a_list_takes_the_same_queries_for_one_row_and_for_twenty(api: Any) -> None:
    reader, book = UserFactory(), BookFactory()
    author = UserFactory()
    client, visitor = api(reader), api()
    counts: dict[str, list[int]] = {}
    for rows in (1, 20):
        while book.reviews.count() < rows:
            club = member_of(ClubFactory(private=True), reader).club
            LikeFactory(review=ReviewFactory(book=book, club=club), reader=reader)
        while author.reviews.count() < rows:
            ReviewFactory(author=author, club=ClubFactory())
        for path in (f"books/{book.pk}/reviews/", "reviews/", f"users/{author.username}/reviews/"):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(path)
            counts.setdefault(path, []).append(len(queries))
            assert len(ids(answer)) in (rows, 2, 20)
    for path, (one, twenty) in counts.items():
        assert one == twenty, path
    # One for the account of the reader, one for the list.
    assert counts[f"books/{book.pk}/reviews/"] == [2, 2]
    ReviewFactory(book=book)
    with CaptureQueriesContext(connection) as queries:
        assert len(ids(visitor.get(f"books/{book.pk}/reviews/"))) == 1
    assert len(queries) == 1


def test_fields_narrow_a_list(api: Any) -> None:
    review = ReviewFactory()
    answer = api().get("reviews/?fields=id,rating")
    assert answer.json()["results"] == [{"id": review.pk, "rating": 4.0}]
    assert api().get("reviews/?fields=secret").status_code == 400


def test_an_unchanged_list_is_304(api: Any) -> None:
    ReviewFactory()
    tag = api().get("reviews/")["ETag"]
    held = {"If-None-Match": tag}
    assert api().get("reviews/", headers=held).status_code == 304
    ReviewFactory()
    assert api().get("reviews/", headers=held).status_code == 200
