"""The charts as clients get them: the same readers, the same numbers, the same cache."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.testing import ApiClient
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of
from clubs.models import Club
from reviews.services import publish_review
from stats.charts import STYLE_SOURCE
from stats.tests.world import book, entry, review

Api = Callable[..., ApiClient]
SVG = "{http://www.w3.org/2000/svg}"
SERIES = {
    "stats/chart.svg": ("months", "top_books"),
    "stats/clubs/{club}/chart.svg": ("completion", "months"),
    "stats/books/{book}/chart.svg": ("histogram", "months"),
    "stats/users/{reader}/chart.svg": ("histogram", "months"),
}


class World:
    """A club with a read and reviewed book."""

    def __init__(self) -> None:
        self.club: Club = ClubFactory(name="Clube & <amigos>")
        self.reader: User = MembershipFactory(club=self.club).reader
        self.book = entry(self.club, book('A "book" <b>')).book
        for rating in (9, 9, 4):
            review(self.book, rating)
        review(self.book, 10, by=self.reader, club=self.club)

    def path(self, pattern: str) -> str:
        """The path of a chart in this world."""
        names = {"club": self.club.slug, "book": self.book.pk, "reader": self.reader.username}
        return pattern.format(**names)


@pytest.fixture
def world(db: Any) -> World:
    return World()


def words(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return ElementTree.fromstring(answer.content).findtext(f"{SVG}desc") or ""


@pytest.mark.parametrize("pattern", SERIES)
class TestEachRoute:
    """What all four do alike."""

    def test_every_series_is_a_document(self, api: Api, world: World, pattern: str) -> None:
        path = world.path(pattern)
        documents = []
        for series in SERIES[pattern]:
            answer = api().get(f"{path}?series={series}")
            assert words(answer)
            assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
            documents.append(answer.content)
        assert len(set(documents)) == len(documents)
        assert api().get(path).content == documents[0], "the first one is the default"

    def test_wrong_parameters_are_refused(self, api: Api, world: World, pattern: str) -> None:
        path = world.path(pattern)
        for query in ("series=pie", "series=", "series=months&series=months", "fields=readers"):
            answer = api().get(f"{path}?{query}")
            assert answer.status_code == 400, query
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert api().get(path + "/").status_code == 404
        assert api(world.reader).post(path).status_code == 405

    def test_what_is_accepted(self, api: Api, world: World, pattern: str) -> None:
        path = world.path(pattern)
        browsers = "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8"
        for accept in ("image/svg+xml", "image/*", "*/*", "text/html,*/*;q=0.8", browsers):
            assert api().get(path, headers={"Accept": accept}).status_code == 200, accept
        for accept in ("application/json", "image/png"):
            refused = api().get(path, headers={"Accept": accept})
            assert refused.status_code == 406, accept
            assert refused.json()["code"] == "not_acceptable"

    def test_an_unchanged_chart_is_not_sent_again(
        self, api: Api, world: World, pattern: str
    ) -> None:
        path = world.path(pattern)
        first = api().get(path)
        tag = first.headers["ETag"]
        for header in (tag, f"W/{tag}"):
            again = api().get(path, headers={"If-None-Match": header})
            assert again.status_code == 304
            assert again.content == b""
            # A browser takes over the headers of a 304.
            policy = again.headers["Content-Security-Policy"]
            assert policy == first.headers["Content-Security-Policy"]
        assert api().get(path, headers={"If-None-Match": '"0.other"'}).status_code == 200

    def test_it_may_have_its_style_and_nothing_else(
        self, api: Api, world: World, pattern: str
    ) -> None:
        answer = api().get(world.path(pattern))
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert f"style-src {STYLE_SOURCE}" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))
        refused = api().get(f"{world.path(pattern)}?series=pie")
        assert "style-src" not in refused.headers["Content-Security-Policy"]

    def test_in_the_language_of_the_reader(self, api: Api, world: World, pattern: str) -> None:
        path = world.path(pattern) + "?series=months"
        now = timezone.now()
        english = api().get(path, headers={"Accept-Language": "en"})
        portuguese = api().get(path, headers={"Accept-Language": "pt-BR"})
        assert f"to {now:%B %Y}" in words(english)
        assert re.search(rf"\w+ de {now.year}: \d", words(portuguese))
        assert b'lang="pt-br"' in portuguese.content


class TestSameNumbers:
    """A chart says what the figures say."""

    def test_histograms(self, api: Api, world: World) -> None:
        for path, column in (
            (f"stats/books/{world.book.pk}/", "histogram"),
            (f"stats/users/{world.reader.username}/", "ratings"),
        ):
            figures = api().get(path).json()[column]
            found = re.findall(r"([\d.]+) stars?: (\d+)", words(api().get(f"{path}chart.svg")))
            assert {f"{float(stars):.1f}": int(n) for stars, n in found} == figures
            assert sum(figures.values()) > 0

    def test_months(self, api: Api, world: World) -> None:
        for pattern in SERIES:
            path = world.path(pattern)
            rows = api().get(path.removesuffix("chart.svg")).json()["by_month"]
            lines = words(api().get(f"{path}?series=months")).split("\n")
            kinds = [name for name in rows[0] if name != "month"]
            assert len(lines) == 1 + 2 * len(kinds)
            for kind, line in zip(kinds, lines[2::2], strict=True):
                found = [int(number) for number in re.findall(r"\d{4}: (\d+)", line)]
                assert found == [row[kind] for row in rows], (path, kind)

    def test_books_and_clubs(self, api: Api, world: World) -> None:
        club = api().get(f"stats/clubs/{world.club.slug}/").json()
        text = words(api().get(f"stats/clubs/{world.club.slug}/chart.svg"))
        assert f"Finished: {club['by_status']['finished']}." in text
        assert 'A "book" <b>' in text
        best = api().get("stats/").json()["top_books"][0]
        text = words(api().get("stats/chart.svg?series=top_books"))
        assert f"{best['weighted_mean']} from {best['rating_count']} ratings" in text

    def test_names_in_titles(self, api: Api, world: World) -> None:
        titles = [
            ElementTree.fromstring(api().get(world.path(pattern)).content).findtext(f"{SVG}title")
            for pattern in SERIES
        ]
        assert titles[1:] == [
            "The reading list of Clube & <amigos>",
            'Ratings of A "book" <b>',
            f"Ratings by {world.reader.username}",
        ]


@pytest.mark.django_db
class TestWhoMay:
    """Nobody sees in a chart what the figures do not show them."""

    def test_an_empty_platform(self, api: Api) -> None:
        club, unread = ClubFactory(), book()
        for path, nothing in (
            ("stats/chart.svg", "Reviews: 0."),
            ("stats/chart.svg?series=top_books", "No ratings yet."),
            (f"stats/clubs/{club.slug}/chart.svg", "No books on the list yet."),
            (f"stats/books/{unread.pk}/chart.svg", "No ratings yet."),
            (f"stats/users/{UserFactory().username}/chart.svg", "No ratings yet."),
        ):
            assert nothing in words(api().get(path))

    def test_clubs(self, api: Api) -> None:
        for kind, anonymous, stranger in (("private", 401, 403), ("hidden", 404, 404)):
            club = ClubFactory(**{kind: True})
            member, outcast = MembershipFactory(club=club).reader, UserFactory()
            member_of(club, outcast, state="banned")
            path = f"stats/clubs/{club.slug}/chart.svg"
            assert api(member).get(path).status_code == 200
            assert api().get(path).status_code == anonymous
            assert api(UserFactory()).get(path).status_code == stranger
            assert api(outcast).get(path).status_code == 404

    def test_what_is_not_there(self, api: Api) -> None:
        for path in ("stats/books/4711/", f"stats/books/{'9' * 60}/", "stats/users/nobody-here/"):
            assert api().get(f"{path}chart.svg").json()["code"] == "not_found"
        assert api().get("stats/users/me/chart.svg").status_code == 401

    def test_me(self, api: Api) -> None:
        reader = UserFactory()
        club = ClubFactory(private=True, owner=reader)
        review(entry(club).book, by=reader, club=club)
        mine = api(reader).get("stats/users/me/chart.svg")
        assert words(mine).startswith("No ratings yet."), "the chart is the public one"
        assert mine.content == api().get(f"stats/users/{reader.username}/chart.svg").content


@pytest.mark.django_db(transaction=True)
def test_the_own_review_shows_at_once(api: Api) -> None:
    author, other, seen = UserFactory(), UserFactory(), book()
    path = f"stats/books/{seen.pk}/chart.svg"
    assert words(api(other).get(path)).startswith("No ratings")
    publish_review(by=author, book=seen, rating=9)
    assert words(api(other).get(path)).startswith("No ratings")
    assert words(api(author).get(path)).startswith("1 rating, average 4.5")


def test_warm_charts_cost_no_more_than_a_name(
    api: Api, world: World, django_assert_num_queries: Any
) -> None:
    anonymous = api()
    for pattern, queries in zip(SERIES, (0, 1, 1, 0), strict=True):
        path = world.path(pattern)
        anonymous.get(path.removesuffix("chart.svg"))
        for series in SERIES[pattern]:
            with django_assert_num_queries(queries):
                assert anonymous.get(f"{path}?series={series}").status_code == 200
