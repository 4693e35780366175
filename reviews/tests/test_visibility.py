"""Who sees which review, and what of it; the rule is the one of the clubs."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from clubs.membership.models import Club, State
from clubs.membership.tests.factories import ClubFactory, member_of
from reviews.models import Review
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db
TRAITS: dict[str, dict[str, Any]] = {
    "public": {},
    "private": {"private": True},
    "hidden": {"hidden": True},
}


def test_reviews_of_a_club_are_for_whoever_may_read_the_club() -> None:
    reader = UserFactory()
    for traits in TRAITS.values():
        for state in (None, *State):
            club = ClubFactory(**traits)
            if state is not None:
                member_of(club, reader, state=state)
            ReviewFactory(club=club)
    for viewer in (None, reader, UserFactory()):
        readable = set(Club.objects.readable_by(viewer).values_list("pk", flat=True))
        seen = set(Review.objects.visible_to(viewer).values_list("club", flat=True))
        assert seen == readable


def test_without_a_club_everybody_reads_it() -> None:
    review = ReviewFactory()
    for viewer in (None, UserFactory(), review.author):
        assert review in Review.objects.visible_to(viewer)


@pytest.mark.parametrize("viewer", ["nobody", "stranger", "site moderator", "member", "author"])
def test_a_hidden_review_is_for_its_author(viewer: str) -> None:
    club = ClubFactory()
    review = ReviewFactory(hidden=True, club=club)
    found = Review.objects.visible_to(
        {
            "nobody": None,
            "stranger": UserFactory(),
            "site moderator": UserFactory(moderator=True),
            "member": member_of(club, UserFactory()).reader,
            "author": review.author,
        }[viewer]
    )
    assert found.exists() == (viewer == "author")


def test_reviews_of_readers_who_left_are_not_shown() -> None:
    ReviewFactory(author__erased=True)
    assert not Review.objects.visible_to(None).exists()
    assert not Review.objects.visible_to(UserFactory()).exists()
    assert not Review.objects.counted().exists()


def test_what_counts_is_what_a_visitor_may_see() -> None:
    for traits in TRAITS.values():
        ReviewFactory(club=ClubFactory(**traits))
        ReviewFactory(club=ClubFactory(**traits), hidden=True)
    ReviewFactory()
    ReviewFactory(author=UserFactory(suspended=True))
    counted = set(Review.objects.counted())
    assert counted == set(Review.objects.visible_to(None))
    assert len(counted) == 3


def test_its_address_is_404_for_others(api: Any) -> None:
    club = ClubFactory(private=True)
    review = ReviewFactory(club=club)
    member = member_of(club, UserFactory()).reader
    path = f"reviews/{review.pk}/"
    for viewer in (None, UserFactory(), UserFactory(admin=True)):
        assert api(viewer).get(path).status_code == 404
    assert api(member).get(path).json()["club"] == club.slug
    stranger = api(UserFactory())
    for answer in (
        stranger.patch(path, {"rating": 1}),
        stranger.delete(path),
        stranger.put(f"{path}like/"),
        stranger.delete(f"{path}like/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = api(member).patch(path, {"rating": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_review")
    assert api(member).patch(path, {"rating": "x"}).status_code == 403
    assert api(member).delete(path).status_code == 403


@pytest.mark.parametrize(
    ("traits", "state", "slug_shown"),
    [
        ({"hidden": True}, "left", False),
        ({"hidden": True}, "banned", False),
        ({"hidden": True}, "active", True),
        ({"private": True}, "banned", False),
        ({"private": True}, "left", True),
        ({}, "removed", True),
    ],
)
def test_authors_keep_their_review_but_learn_nothing_of_the_club(
    api: Any, traits: dict[str, Any], state: str, slug_shown: bool
) -> None:
    club = ClubFactory(**traits)
    author = UserFactory()
    member_of(club, author, state=state)
    review = ReviewFactory(club=club, author=author)
    shown = api(author).get(f"reviews/{review.pk}/").json()
    assert shown["club"] == (club.slug if slug_shown else None)
    listed = api(author).get("users/me/reviews/").json()["results"]
    assert [each["club"] for each in listed] == [shown["club"]]
    found = api(author).get(f"reviews/?club={club.slug}").json()["results"]
    assert len(found) == (1 if slug_shown else 0)
    assert api(author).patch(f"reviews/{review.pk}/", {"rating": 1}).status_code == 200


def test_naming_a_club_tells_nothing_of_hidden_ones(api: Any) -> None:
    hidden, reader = ClubFactory(hidden=True), UserFactory()
    review = ReviewFactory(author=reader)
    for slug in (hidden.slug, "never-was"):
        bodies = ({"book": review.book_id, "rating": 1, "club": slug}, {"rating": 1, "club": slug})
        assert api(reader).post("reviews/", bodies[0]).status_code == 404
        assert api(reader).patch(f"reviews/{review.pk}/", bodies[1]).status_code == 404
        assert api(reader).get(f"reviews/?club={slug}").json()["results"] == []
