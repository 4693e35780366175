"""The statistics as clients see them: who may, what shows, how soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.services import erase_reader
from accounts.tests.factories import UserFactory
from bookbridge.kernel.shapes import Json
from bookbridge.testing import ApiClient
from clubs.membership.services import edit_club
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of
from clubs.models import Club
from reviews.services import delete_review, hide_review, publish_review
from stats.serializers import (
    BookStatsSerializer,
    ClubStatsSerializer,
    ReaderStatsSerializer,
    SiteStatsSerializer,
)
from stats.tests.world import book, entry, review

Api = Callable[..., ApiClient]

SITE = "stats/"


def reviews_of(client: ApiClient, path: str = SITE) -> int:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    found: int = sum(row["reviews"] for row in answer.json()["by_month"])
    return found


@pytest.mark.django_db
class TestShape:
    """What the schema says is what comes."""

    def same_names(self, data: Json, serializer: Any) -> None:
        assert set(data) == set(serializer.fields)
        for name, field in serializer.fields.items():
            value = data[name]
            if hasattr(field, "child") and isinstance(value, list):
                for row in value[:1]:
                    if hasattr(field.child, "fields"):
                        self.same_names(row, field.child)
            elif hasattr(field, "fields") and value is not None:
                self.same_names(value, field)

    def test_each_statistic_is_as_its_schema_says(self, api: Api) -> None:
        club = ClubFactory()
        reader = MembershipFactory(club=club).reader
        read = entry(club)
        review(read.book, by=reader, club=club)
        for path, serializer in (
            (SITE, SiteStatsSerializer),
            (f"stats/clubs/{club.slug}/", ClubStatsSerializer),
            (f"stats/books/{read.book_id}/", BookStatsSerializer),
            (f"stats/users/{reader.username}/", ReaderStatsSerializer),
            ("stats/users/me/", ReaderStatsSerializer),
        ):
            answer = api(reader).get(path)
            assert answer.status_code == 200, (path, answer.content)
            self.same_names(answer.json(), serializer())

    def test_an_empty_platform_answers(self, api: Api) -> None:
        answer = api().get(SITE)
        assert answer.status_code == 200
        assert answer.json()["mean_rating"] is None
        assert answer.json()["mean_books_finished_per_club"] == 0.0

    def test_fields_narrow_the_answer(self, api: Api) -> None:
        assert set(api().get(f"{SITE}?fields=readers,books").json()) == {"readers", "books"}
        assert api().get(f"{SITE}?fields=nonsense").status_code == 400
        assert api().get(f"{SITE}?page=2").status_code == 400

    def test_an_unchanged_answer_is_not_sent_again(self, api: Api) -> None:
        first = api().get(SITE)
        again = api().get(SITE, headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304


@pytest.mark.django_db
class TestWhoMay:
    """A club's figures are for who may read the club; all others are for everybody."""

    @pytest.mark.parametrize(
        ("visibility", "anonymous", "stranger", "banned"),
        [("public", 200, 200, 404), ("private", 401, 403, 404), ("hidden", 404, 404, 404)],
    )
    def test_club(
        self, api: Api, visibility: str, anonymous: int, stranger: int, banned: int
    ) -> None:
        club = ClubFactory(**({visibility: True} if visibility != "public" else {}))
        member, outcast = MembershipFactory(club=club).reader, UserFactory()
        member_of(club, outcast, state="banned")
        path = f"stats/clubs/{club.slug}/"
        assert api(member).get(path).status_code == 200
        assert api().get(path).status_code == anonymous
        assert api(UserFactory()).get(path).status_code == stranger
        assert api(outcast).get(path).status_code == banned
        assert api(member).get(path).status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "stats/books/4711/",
            f"stats/books/{'9' * 60}/",
            f"stats/books/{'9' * 200}/",
            "stats/users/nobody-here/",
            f"stats/users/{'x' * 200}/",
            "stats/clubs/no-such-club/",
        ],
    )
    def test_what_is_not_there(self, api: Api, path: str) -> None:
        for _ in range(2):
            answer = api().get(path)
            assert answer.status_code == 404
            assert answer.json()["code"] == "not_found"

    def test_me_needs_an_account(self, api: Api) -> None:
        assert api().get("stats/users/me/").status_code == 401

    def test_readers_are_found_without_regard_to_case(self, api: Api) -> None:
        reader = UserFactory(username="ana")
        assert api().get("stats/users/ANA/").status_code == 200
        assert api(reader).get("stats/users/ANA/").json()["own"] is not None

    def test_own_figures_are_for_oneself(self, api: Api) -> None:
        reader = UserFactory()
        club = ClubFactory(private=True, owner=reader)
        review(entry(club).book, by=reader, club=club)
        review(book(), by=reader, hidden=True)
        own_path = f"stats/users/{reader.username}/"
        for path in ("stats/users/me/", own_path):
            mine = api(reader).get(path).json()
            assert mine["books_reviewed"] == 0
            assert mine["own"]["books_reviewed"] == 2
        assert api(UserFactory()).get(own_path).json()["own"] is None
        assert api().get(own_path).json()["own"] is None


@pytest.mark.django_db(transaction=True)
class TestFreshness:
    """The writer's own next read is right; what may not be seen is gone for everybody at once."""

    def test_own_review_shows_at_once_and_to_others_soon(self, api: Api, settings: Any) -> None:
        author, other, seen = UserFactory(), UserFactory(), book()
        paths = [SITE, f"stats/books/{seen.pk}/", f"stats/users/{author.username}/"]
        assert [reviews_of(api(other), path) for path in paths] == [0, 0, 0]
        published = publish_review(by=author, book=seen, rating=9)
        assert [reviews_of(api(other), path) for path in paths] == [0, 0, 0]
        assert [reviews_of(api(author), path) for path in paths] == [1, 1, 1]
        delete_review(review=published, by=author)
        assert [reviews_of(api(author), path) for path in paths] == [0, 0, 0]
        settings.STATS_MAX_AGE_SECONDS = 0
        assert [reviews_of(api(other), path) for path in paths] == [0, 0, 0]

    def test_a_club_made_private_is_gone_from_the_next_answer_of_anybody(self, api: Api) -> None:
        owner = UserFactory()
        club = ClubFactory(owner=owner)
        read = entry(club)
        publish_review(by=owner, book=read.book, rating=9, club=club)
        before = api().get(SITE).json()
        assert before["clubs"] == 1
        assert before["reviews"] == 1
        assert club.slug in str(before)
        assert club.slug in str(api().get(f"stats/books/{read.book_id}/").json())
        edit_club(club=club, by=owner, changes={"visibility": "private"})
        after = api().get(SITE).json()
        assert after["clubs"] == after["reviews"] == 0
        assert after["top_books"] == []
        for client in (api(), api(UserFactory()), api(owner)):
            for path in (SITE, f"stats/books/{read.book_id}/", f"stats/users/{owner.username}/"):
                answer = client.get(path)
                assert club.slug not in answer.content.decode()
                assert sum(row["reviews"] for row in answer.json()["by_month"]) == 0
        assert reviews_of(api(owner), f"stats/clubs/{club.slug}/") == 1

    def test_a_hidden_review_is_gone_from_the_next_answer_of_anybody(self, api: Api) -> None:
        seen = book()
        published = publish_review(by=UserFactory(), book=seen, rating=9)
        assert reviews_of(api()) == 1
        hide_review(review=published, by=UserFactory(moderator=True), reason="spam")
        assert reviews_of(api()) == 0
        assert api().get(f"stats/books/{seen.pk}/").json()["rating_count"] == 0

    def test_a_reader_who_left_is_gone_from_the_next_answer_of_anybody(self, api: Api) -> None:
        author = UserFactory()
        name = author.username
        publish_review(by=author, book=book(), rating=9)
        assert reviews_of(api()) == 1
        assert reviews_of(api(), f"stats/users/{name}/") == 1
        readers = api().get(SITE).json()["readers"]
        erase_reader(reader=author)
        assert reviews_of(api()) == 0
        assert api().get(SITE).json()["readers"] == readers - 1
        assert api().get(f"stats/users/{name}/").status_code == 404

    def test_a_member_who_was_put_out_reads_the_club_no_longer(self, api: Api) -> None:
        club = ClubFactory(private=True)
        member = MembershipFactory(club=club).reader
        client, path = api(member), f"stats/clubs/{club.slug}/"
        assert client.get(path).status_code == 200
        member_of(club, member, state="removed")
        assert client.get(path).status_code == 403
        Club.objects.filter(pk=club.pk).update(visibility="hidden", join_policy="invite")
        assert client.get(path).status_code == 404


@pytest.mark.django_db
class TestCost:
    """A warm answer asks the database for nothing but who asks and whether they may."""

    def test_warm_answers(self, api: Api, django_assert_num_queries: Any) -> None:
        club = ClubFactory()
        reader = MembershipFactory(club=club).reader
        shared = [SITE, f"stats/books/{book().pk}/", f"stats/users/{UserFactory().username}/"]
        anonymous, member = api(), api(reader)
        for path in [*shared, f"stats/clubs/{club.slug}/"]:
            anonymous.get(path)
        for path in shared:
            with django_assert_num_queries(0):
                assert anonymous.get(path).status_code == 200
            with django_assert_num_queries(1):
                assert member.get(path).status_code == 200
        with django_assert_num_queries(1):
            anonymous.get(f"stats/clubs/{club.slug}/")
        with django_assert_num_queries(2):
            member.get(f"stats/clubs/{club.slug}/")
