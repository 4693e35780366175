"""The demo: what it brings, that a second run changes nothing, and when it is refused."""

from __future__ import annotations

import io
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Sum
from django.utils import timezone

from accounts.models import SecurityEvent, User
from accounts.tests.factories import UserFactory
from bookbridge.demo.data import load
from clubs.books.services import add_book
from clubs.models import Book, Club, EntryMove, ListEntry, Membership
from reviews.models import Like, Review
from stats.queries import site_figures

PASSWORDS = {
    "DEMO_ADMIN_PASSWORD": "ziegel-kran-7-tor",
    "DEMO_READER_PASSWORD": "wolke-9-lesen-x",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PASSWORDS.items():
        monkeypatch.setenv(name, value)


def seed(*options: str) -> str:
    told = io.StringIO()
    call_command("seed_demo", "--small", *options, stdout=told)
    return told.getvalue()


def everything() -> dict[str, list[Any]]:
    """Every row of every model, with all its columns."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.app_label in ("accounts", "clubs", "reviews", "auth", "kernel")
    }


def test_a_second_run_changes_nothing() -> None:
    assert "Loaded 9 readers" in seed()
    before = everything()
    assert "Nothing was changed" in seed()
    assert everything() == before


def test_a_dry_run_leaves_nothing() -> None:
    before = everything()
    assert "Would load 9 readers" in seed("--dry-run")
    assert everything() == before


def test_what_the_demo_brings() -> None:
    seed()
    admin, ana = User.objects.get(username="admin"), User.objects.get(username="ana")
    assert admin.check_password(PASSWORDS["DEMO_ADMIN_PASSWORD"])
    assert admin.is_superuser
    assert admin.is_staff
    assert admin.site_roles() == ["admin"]
    assert ana.check_password(PASSWORDS["DEMO_READER_PASSWORD"])
    assert ana.email_verified
    assert Club.objects.get(name="Clube Casmurro").memberships.get(role="owner").reader == ana
    assert Book.objects.filter(title="Dom Casmurro", isbns__isnull=False).exists()
    assert set(Club.objects.values_list("visibility", flat=True)) == {
        "public",
        "private",
        "hidden",
    }
    assert Club.objects.filter(archived_at__isnull=False).count() == 1
    statuses = Counter(ListEntry.objects.values_list("status", flat=True))
    assert set(statuses) == {"proposed", "planned", "reading", "finished", "dropped"}
    assert Review.objects.count() == load(small=True).reviews
    assert Review.objects.filter(club__visibility="hidden").exists()
    assert Like.objects.exists()
    assert Membership.objects.exclude(state="active").exists()
    figures = site_figures()
    assert sum(1 for row in figures["by_month"] if row["reviews"]) >= 12
    assert sum(1 for row in figures["by_month"] if row["books_finished"]) >= 6


def test_the_demo_keeps_every_rule_and_count() -> None:
    seed()
    for club in Club.objects.all():
        assert club.members_count == club.memberships.filter(state="active").count()
        assert club.max_members is None or club.members_count <= club.max_members
        assert club.memberships.filter(state="active", role="owner").count() == 1
    for book in Book.objects.all():
        counted = Review.objects.counted().filter(book=book)
        recount = counted.aggregate(n=Count("pk"), sum=Sum("rating", default=0))
        assert (book.rating_count, book.rating_sum) == (recount["n"], recount["sum"])
    for review in Review.objects.annotate(n=Count("likes")):
        assert review.likes_count == review.n
    reviewed = Review.objects.filter(club__isnull=False)
    for review in reviewed:
        entry = ListEntry.objects.get(club=review.club_id, book=review.book_id)
        assert entry.status in ("reading", "finished")


def test_moments_are_in_the_past_and_in_their_order() -> None:
    seed()
    now = timezone.now()
    for model, column in (
        (User, "created_at"),
        (Club, "created_at"),
        (Membership, "joined_at"),
        (EntryMove, "moved_at"),
        (Review, "created_at"),
        (Like, "created_at"),
    ):
        rows = model._default_manager.all()
        assert not rows.filter(**{f"{column}__gt": now}).exists(), model
        assert not rows.filter(**{f"{column}__lt": now - timedelta(days=760)}).exists(), model
    assert not Membership.objects.filter(joined_at__lt=F("club__created_at")).exists()
    assert not Membership.objects.filter(joined_at__lt=F("reader__created_at")).exists()
    assert not Review.objects.filter(created_at__lt=F("author__created_at")).exists()
    assert not EntryMove.objects.filter(moved_at__lt=F("entry__club__created_at")).exists()
    assert not ListEntry.objects.filter(finished_on__lt=F("started_on")).exists()
    assert not Like.objects.filter(created_at__lt=F("review__created_at")).exists()
    moves = EntryMove.objects.order_by("entry_id", "id").values_list("entry_id", "moved_at")
    assert list(moves) == sorted(moves)


def test_a_book_that_somebody_added_before_is_taken_as_it_is() -> None:
    record = next(book for book in load(small=True).books if book.get("isbns"))
    other = next(book for book in load(small=True).books if not book.get("isbns"))
    add_book(by=None, title="Somebody's title", authors=["Me"], isbns=record["isbns"])
    add_book(by=None, title=other["title"], authors=other["authors"])
    seed()
    assert Book.objects.count() == len(load(small=True).books)
    assert Book.objects.filter(title="Somebody's title").exists()


def test_a_person_called_like_somebody_of_the_demo_stays_alone() -> None:
    UserFactory(username="ana")
    before = everything()
    with pytest.raises(CommandError, match="cannot be loaded"):
        seed()
    assert everything() == before


@pytest.mark.parametrize("name", PASSWORDS)
def test_without_passwords_nothing_is_loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    with pytest.raises(CommandError, match=name):
        seed()
    monkeypatch.setenv(name, "short")
    with pytest.raises(CommandError, match="cannot be loaded"):
        seed()
    assert not User.objects.exists()


def test_production_refuses_unless_forced(settings: Any) -> None:
    settings.SETTINGS_MODULE = "bookbridge.settings.production"
    with pytest.raises(CommandError, match="--force"):
        seed()
    assert not User.objects.exists()
    assert "Loaded" in seed("--force")


def test_the_same_day_brings_the_same_demo() -> None:
    def content() -> list[Any]:
        return [
            *Review.objects.order_by("pk").values_list("author__username", "book__title", "rating"),
            *Membership.objects.order_by("pk").values_list("club__name", "reader__username"),
            *ListEntry.objects.order_by("pk").values_list("book__title", "status"),
        ]

    first: list[Any] = []
    for _ in range(2):
        seed()
        first = first or content()
        assert content() == first
        Review.objects.all().delete()
        Club.objects.all().delete()
        Book.objects.all().delete()
        SecurityEvent.objects.all().delete()
        User.objects.all().delete()


def test_it_says_nothing_when_asked_to_be_quiet() -> None:
    told = io.StringIO()
    call_command("seed_demo", "--small", verbosity=0, stdout=told)
    assert told.getvalue() == ""


@pytest.mark.slow
def test_the_whole_demo() -> None:
    call_command("seed_demo", verbosity=0)
    assert Book.objects.count() >= 150
    assert Review.objects.count() == 1500
    assert Club.objects.count() == 15
