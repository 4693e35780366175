"""The contract of reviews: writing, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading.tests.factories import EntryFactory
from reviews.models import Review
from reviews.serializers import ReviewSerializer
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return UserFactory(username="ana", display_name="Ana")


def test_a_review_has_the_shape_of_the_contract(api: Any, ana: Any) -> None:
    book = BookFactory(title="Dom Casmurro")
    club = ClubFactory(owner=ana, slug="clube-da-leitura")
    EntryFactory(club=club, book=book, finished=True)
    body = {
        "book": book.pk,
        "rating": 4.5,
        "title": "",
        "text": "Capitu *sabe*.",
        "contains_spoilers": False,
        "club": "clube-da-leitura",
    }
    answer = api(ana).post("reviews/", body)
    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"http://testserver/api/v1/reviews/{made['id']}/"
    assert answer["ETag"].startswith('"1.')
    assert {name: made[name] for name in made if name not in ("id", "created_at")} == {
        "book": {"id": book.pk, "title": "Dom Casmurro"},
        "author": {"username": "ana", "display_name": "Ana", "imported": False},
        "club": "clube-da-leitura",
        "rating": 4.5,
        "title": "",
        "text": "Capitu *sabe*.",
        "text_html": "<p>Capitu <em>sabe</em>.</p>\n",
        "contains_spoilers": False,
        "locked": False,
        "language": "en",
        "likes_count": 0,
        "liked_by_me": False,
        "edited_at": None,
    }
    assert list(made) == list(ReviewSerializer().fields)
    assert api().get(answer["Location"]).json() == made


@pytest.mark.parametrize("half_stars", range(1, 11))
def test_every_half_star_can_be_given(api: Any, ana: Any, half_stars: int) -> None:
    book = BookFactory()
    answer = api(ana).post("reviews/", {"book": book.pk, "rating": half_stars / 2})
    assert (answer.status_code, answer.json()["rating"]) == (201, half_stars / 2)
    assert Review.objects.get().rating == half_stars


@pytest.mark.parametrize("rating", [0, 0.25, 4.7, 5.5, -1, "4.5", True, None, [5], 1e308])
def test_other_ratings_are_refused(api: Any, ana: Any, rating: Any) -> None:
    answer = api(ana).post("reviews/", {"book": BookFactory().pk, "rating": rating})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/rating"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("likes_count", 7, "read_only"),
        ("author", "ana", "read_only"),
        ("text_html", "<b>", "read_only"),
        ("hidden_at", None, "unknown_field"),
        ("text", "x" * 10_001, "max_length"),
        ("text", 5, "invalid"),
        ("title", "two\nlines", "control_characters"),
        ("contains_spoilers", "yes", "invalid"),
        ("club", "Not A Slug", "invalid_format"),
        ("club", 5, "invalid"),
    ],
)
def test_bodies_are_strict(api: Any, ana: Any, field: str, value: Any, code: str) -> None:
    body = {"book": BookFactory().pk, "rating": 3, field: value}
    answer = api(ana).post("reviews/", body)
    assert answer.status_code == 400
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert found == [(f"/{field}", code)]


def test_what_the_body_names_comes_before_its_shape(api: Any, ana: Any) -> None:
    private = ClubFactory(private=True)
    book = BookFactory().pk
    client = api(ana)
    assert client.post("reviews/", {"book": 10**9, "rating": "bad"}).status_code == 404
    bad = {"book": book, "rating": "bad"}
    assert client.post("reviews/", bad | {"club": "never-was"}).status_code == 404
    answer = client.post("reviews/", bad | {"club": private.slug})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")
    assert client.post("reviews/", {}).status_code == 400
    assert client.post("reviews/", {"book": "1", "rating": 3}).status_code == 400
    assert api().post("reviews/", {}).status_code == 401


def test_the_state_of_club_and_book(api: Any, ana: Any) -> None:
    book = BookFactory()
    archived = ClubFactory(owner=ana, archived=True)
    idle = ClubFactory(owner=ana)
    EntryFactory(club=idle, book=book, planned=True)
    for club, code in ((archived, "club_archived"), (idle, "book_not_being_read")):
        body = {"book": book.pk, "rating": 3, "club": club.slug}
        answer = api(ana).post("reviews/", body)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_a_second_review_names_the_first(api: Any, ana: Any) -> None:
    first = ReviewFactory(author=ana)
    answer = api(ana).post("reviews/", {"book": first.book_id, "rating": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_reviewed")
    existing = answer.json()["existing"]
    assert existing["id"] == first.pk
    assert api().get(existing["url"]).json()["id"] == first.pk


def test_a_patch_writes_what_it_was_sent(api: Any, ana: Any) -> None:
    review = ReviewFactory(author=ana, title="Old", rating=4)
    client, path = api(ana), f"reviews/{review.pk}/"
    answer = client.patch(path, {"rating": 5})
    assert answer.status_code == 200
    edited = answer.json()
    assert (edited["rating"], edited["title"]) == (5.0, "Old")
    assert edited["edited_at"] is not None
    again = client.patch(path, {"rating": 5})
    assert (again.status_code, again["ETag"]) == (200, answer["ETag"])
    assert client.patch(path, {}).json()["edited_at"] == edited["edited_at"]
    answer = client.patch(path, {"book": review.book_id})
    assert answer.json()["errors"] == [
        {"pointer": "/book", "code": "read_only", "detail": "This field is read-only."}
    ]


def test_a_review_moves_to_a_club_and_back(api: Any, ana: Any) -> None:
    review = ReviewFactory(author=ana)
    club = ClubFactory(owner=ana, private=True)
    EntryFactory(club=club, book=review.book, reading=True)
    client, path = api(ana), f"reviews/{review.pk}/"
    assert client.patch(path, {"club": club.slug}).json()["club"] == club.slug
    assert api().get(path).status_code == 404
    assert client.patch(path, {"club": club.slug, "rating": 1}).json()["rating"] == 1.0
    assert client.patch(path, {"club": None}).json()["club"] is None
    assert api().get(path).status_code == 200


def test_edits_heed_if_match(api: Any, ana: Any) -> None:
    review = ReviewFactory(author=ana)
    client, path = api(ana), f"reviews/{review.pk}/"
    tag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    # A like changes the tag, but is nobody's edit.
    assert api(UserFactory()).put(f"{path}like/").status_code == 204
    assert client.get(path)["ETag"] != tag
    held = {"If-Match": tag}
    assert client.patch(path, {"rating": 1}, headers=held).status_code == 200
    assert client.patch(path, {"rating": 2}, headers=held).status_code == 412
    assert client.delete(path, headers=held).status_code == 412
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


def test_likes(api: Any, ana: Any) -> None:
    review, bia = ReviewFactory(author=ana), UserFactory()
    path = f"reviews/{review.pk}/"
    for _ in range(2):
        assert api(bia).put(f"{path}like/").status_code == 204
    seen = api(bia).get(path).json()
    assert (seen["likes_count"], seen["liked_by_me"]) == (1, True)
    assert api(ana).get(path).json()["liked_by_me"] is False
    answer = api(ana).put(f"{path}like/")
    assert (answer.status_code, answer.json()["code"]) == (409, "own_review")
    for _ in range(2):
        assert api(bia).delete(f"{path}like/").status_code == 204
    assert api(bia).get(path).json()["likes_count"] == 0
    assert api().put(f"{path}like/").status_code == 401
    assert api(bia).put(f"reviews/{10**12}/like/").status_code == 404


def test_a_key_makes_publishing_happen_once(api: Any, ana: Any) -> None:
    client, body = api(ana), {"book": BookFactory().pk, "rating": 3}
    key = {"Idempotency-Key": "once"}
    first, again = (client.post("reviews/", body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert (again.json(), again["Location"]) == (first.json(), first["Location"])
    assert client.post("reviews/", body | {"rating": 4}, headers=key).status_code == 422
    refused = client.post("reviews/", body, headers={"Idempotency-Key": "other"})
    assert refused.status_code == 409
    assert Review.objects.count() == 1


def test_a_member_of_the_club_reads_it(api: Any) -> None:
    club = ClubFactory(hidden=True)
    review = ReviewFactory(club=club)
    member = member_of(club, UserFactory()).reader
    assert api(member).get(f"reviews/{review.pk}/").json()["club"] == club.slug
