"""Lists of the admin: what they ask the database, and the dates and columns they offer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import warn_reader
from accounts.tests.factories import UserFactory
from bookbridge.warming import TEMPLATES, warm
from clubs.membership.services import create_link
from clubs.membership.tests.factories import ClubFactory
from clubs.models import Isbn, MergedBook, Support
from reviews.models import Review
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import LikeFactory, ReviewFactory
from stats.tests.world import entry

pytestmark = pytest.mark.django_db
REVIEWS = "/admin/reviews/review/"


@pytest.fixture
def judge() -> User:
    made: User = UserFactory(username="judge", moderator=True)
    return made


@pytest.fixture
def client(judge: User) -> Client:
    client = Client()
    client.force_login(judge)
    return client


def one_of_each(number: int, judge: User) -> None:
    """A row more on every list, with rows of its own to refer to."""
    club = ClubFactory()
    create_link(club=club, by=club.memberships.get(role="owner").reader)
    Support.objects.create(entry=entry(club), reader=UserFactory())
    like = LikeFactory()
    Isbn.objects.create(book=like.review.book, isbn13=f"97885325{number:05}")
    MergedBook.objects.create(old_id=1_000_000 + number, into=like.review.book)
    report_of("review", like.review.pk)
    warn_reader(reader=like.reader, by=judge, reason="Mind your words.")


def statements(client: Client) -> dict[str, int]:
    """How many statements each list costs, as it opens and narrowed."""
    found = {}
    now = datetime.now(UTC)
    for model, pages in admin.site._registry.items():
        if model is Group:  # for superusers
            continue
        list_of = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        addresses = [list_of]
        if pages.date_hierarchy:
            this_year = f"{list_of}?{pages.date_hierarchy}__year={now.year}"
            addresses += [this_year, f"{this_year}&{pages.date_hierarchy}__month={now.month}"]
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200, address
            found[address] = len(seen)
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/admin/").status_code == 200
    return {**found, "/admin/": len(seen)}


def test_one_row_and_twenty_cost_the_same(client: Client, judge: User) -> None:
    one_of_each(0, judge)
    statements(client)  # what is asked once in a process
    few = statements(client)
    for number in range(1, 20):
        one_of_each(number, judge)
    assert statements(client) == few


def written(*days: str) -> None:
    for day in days:
        ReviewFactory(created_at=datetime.fromisoformat(day).replace(tzinfo=UTC))


def offered(client: Client, query: str = "") -> list[str]:
    """The texts of the links above a list."""
    text = client.get(REVIEWS + query).content.decode()
    if 'class="toplinks"' not in text:
        return []
    links = text.split('class="toplinks"')[1].split("</nav>")[0]
    return re.findall(r"<a [^>]*>([^<]*)</a>", links)


def test_dates_lead_from_years_to_days_and_back(client: Client) -> None:
    assert offered(client) == []
    written("2024-12-31T23:59:59", "2026-02-10T08:00", "2026-04-02T08:00", "2026-04-04T22:00")
    assert offered(client) == ["2026", "2025", "2024"]
    year, month = "?created_at__year=2026", "?created_at__year=2026&created_at__month=4"
    assert offered(client, year)[1:] == ["February 2026", "March 2026", "April 2026"]
    assert "All dates" in client.get(REVIEWS + year).content.decode()
    assert offered(client, month)[1:] == ["April 2", "April 3", "April 4"]
    assert "?created_at__day=3&amp;created_at__month=4&amp;created_at__year=2026" in (
        client.get(REVIEWS + month).content.decode()
    )
    assert len(offered(client, f"{month}&created_at__day=2")) == 1  # only back
    assert len(offered(client, "?created_at__year=2025")) == 1
    assert len(offered(client, "?created_at__year=2024&created_at__month=12")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "created_at__year=x",
        "created_at__year=0",
        "created_at__year=-1",
        "created_at__year=",
        "created_at__year=9999",
        "created_at__year=9999&created_at__month=12",
        "created_at__year=2026&created_at__month=13",
        "created_at__year=2026&created_at__month=x",
        "created_at__year=2026&created_at__month=2&created_at__day=30",
        "created_at__month=4",
        "created_at__day=3",
    ],
)
def test_dates_that_do_not_exist_break_nothing(client: Client, query: str) -> None:
    written("2026-02-10T08:00")
    assert client.get(f"{REVIEWS}?{query}").status_code in (200, 302)


def test_a_list_is_sorted_by_what_has_an_index(client: Client) -> None:
    low, high = ReviewFactory(rating=1), ReviewFactory(rating=10)

    def order(query: str) -> list[Any]:
        shown = client.get(REVIEWS + query).context["cl"].result_list
        return [review.pk for review in shown]

    assert order("?o=1") == [low.pk, high.pk]
    by_stars = [index for index, name in enumerate(columns(client), 1) if name == "stars"]
    assert order(f"?o={by_stars[0]}") == order("") == [high.pk, low.pk]
    assert Review.objects.count() == 2


def columns(client: Client) -> list[str]:
    shown: list[str] = client.get(REVIEWS).context["cl"].list_display
    return [name for name in shown if name != "action_checkbox"]


def test_a_new_process_compiles_the_templates_that_lists_use(client: Client) -> None:
    written("2026-02-10T08:00")
    warm()  # fails for a template that is not there
    used = {template.name for template in client.get(REVIEWS).templates}
    pages = {name for name in used if name and name.startswith("admin/")}
    assert pages <= set(TEMPLATES)
