"""The invented platform: so many of everything, spread like real ratings, and every rule holds."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Min
from django.utils import timezone

from accounts.models import User
from bookbridge.invariants.running import differences
from bookbridge.scale import sizes
from bookbridge.scale.bulk import Table
from clubs.books.indexing import rebuild_index
from clubs.books.search import search_books
from clubs.models import Author, Book, Club, ListEntry, Membership
from reviews.models import Like, Review

pytestmark = pytest.mark.django_db

NUMBERS = ("--readers", "200", "--clubs", "30", "--reviews", "6000", "--books", "150")


@pytest.fixture(autouse=True)
def _passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "ziegel-kran-7-tor")
    monkeypatch.setenv("DEMO_READER_PASSWORD", "wolke-9-lesen-x")


@pytest.fixture(autouse=True)
def _nothing_curated(monkeypatch: pytest.MonkeyPatch) -> None:
    command = "bookbridge.management.commands.seed_demo.Command.load_curated"
    monkeypatch.setattr(command, lambda self, options: None)


def seed(*options: str) -> str:
    told = io.StringIO()
    call_command("seed_demo", *NUMBERS, *options, stdout=told)
    return told.getvalue()


def test_everything_is_there_and_every_rule_holds() -> None:
    told = seed("--hot-book", "150")
    assert "200 readers, 0 raters, 150 books, 30 clubs" in told
    assert "6,000 reviews" in told
    assert differences() == []
    assert (User.objects.count(), Club.objects.count()) == (200, 30)
    assert (Book.objects.count(), Review.objects.count()) == (150, 6000)
    assert set(Club.objects.values_list("visibility", flat=True)) == {
        "public", "private", "hidden"
    }  # fmt: skip
    assert {"active", "left", "invited"} <= set(Membership.objects.values_list("state", flat=True))
    assert len(set(ListEntry.objects.values_list("status", flat=True))) == 5
    assert Review.objects.filter(club__isnull=False).exists()
    assert Like.objects.exists()
    most = Review.objects.values("book").annotate(n=Count("pk")).aggregate(most=Max("n"))
    assert most["most"] == 150
    reader = User.objects.first()
    assert reader is not None
    assert reader.check_password("wolke-9-lesen-x")
    book = Book.objects.order_by("pk").first()
    assert book is not None
    assert book in search_books(Book.objects.all(), book.title)


def test_a_hot_book_has_more_reviews_than_readers_through_imported_raters() -> None:
    told = seed("--hot-book", "900")
    assert "200 readers, 720 raters" in told
    assert differences() == []
    book = Book.objects.order_by("pk")[0]
    assert Review.objects.filter(book=book).count() == 900
    raters = User.objects.filter(imported_at__isnull=False)
    assert raters.count() == 720
    assert Review.objects.filter(author__in=raters).exclude(book=book).count() == 0
    assert not any(rater.has_usable_password() for rater in raters[:3])
    assert Review.objects.count() == 6000


def test_ratings_are_spread_like_real_ones() -> None:
    seed()
    stars: dict[int, int] = dict.fromkeys(range(1, 6), 0)
    halves = 0
    for rating in Review.objects.values_list("rating", flat=True):
        stars[(rating + 1) // 2] += 1
        halves += rating % 2
    for number, expected in {5: 30, 4: 36, 3: 25, 2: 6.4, 1: 2}.items():
        assert stars[number] / 60 == pytest.approx(expected, abs=3.5), stars
    assert halves / 60 == pytest.approx(20, abs=3)
    counts = list(Review.objects.values("book").annotate(n=Count("pk")).values_list("n", flat=True))
    assert max(counts) > 3 * sorted(counts)[len(counts) // 2]


def test_nothing_happens_before_its_time() -> None:
    seed()
    now = timezone.now()
    for model, column in ((User, "created_at"), (Review, "created_at"), (Like, "created_at")):
        assert not model._default_manager.filter(**{f"{column}__gt": now}).exists()
    for review in Review.objects.select_related("author")[:500]:
        assert review.created_at >= review.author.created_at
    spread = Review.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
    assert (spread["last"] - spread["first"]).days > 500


def test_the_same_seed_brings_the_same_rows_another_one_others() -> None:
    def content() -> list[Any]:
        reviews = Review.objects.order_by("pk")
        return [
            *reviews.values_list("author__username", "book__title", "rating", "created_at"),
            *Club.objects.order_by("pk").values_list("slug", "members_count"),
        ]

    found = []
    for options in ([], [], ["--seed", "7"]):
        seed(*options)
        found.append(content())
        for model in (Review, ListEntry, Club, Book, Author, User):
            model._default_manager.all().delete()
        rebuild_index()
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_second_run_changes_nothing_and_a_dry_run_leaves_nothing() -> None:
    assert "Would load" in seed("--dry-run")
    assert not User.objects.exists()
    seed()
    assert "Nothing was changed" in seed()
    assert Review.objects.count() == 6000


@pytest.mark.parametrize(
    "options",
    [
        ["--hot-book", "150000"],
        ["--readers", "3"],
        ["--scale", "2"],
        ["--scale", "0"],
        ["--reviews", "1000000"],
    ],
)
def test_numbers_that_cannot_be_are_refused(options: list[str]) -> None:
    with pytest.raises(CommandError, match="cannot be"):
        seed(*options)
    assert not User.objects.exists()


def test_a_scale_is_a_part_of_the_whole() -> None:
    whole = sizes.of_scale(1)
    assert (whole.readers, whole.clubs, whole.reviews) == (50_000, 5_000, 1_000_000)
    assert whole.books == 10_000
    assert sizes.of_scale(0.1).reviews == 100_000


def test_shares_are_whole_and_sum_up() -> None:
    parts = sizes.weights(40)
    for total in (0, 7, 1_000, 3_999):
        found = sizes.shares(total, parts, most=100)
        assert sum(found) == total
        assert max(found) <= 100
    with pytest.raises(sizes.Impossible):
        sizes.shares(4_001, parts, most=100)


def test_a_bulk_table_names_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="has no nonsense"):
        Table(Book, "nonsense")
    with pytest.raises(TypeError, match="must be given"):
        Table(Book, "id")
