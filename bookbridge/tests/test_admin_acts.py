"""What moderators do in the admin, who enters it, and what leaves it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ModerationRecord, User
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.admin.exporting import cell
from bookbridge.kernel.admin.paging import COUNTED, LargeTablePaginator
from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory
from reviews.models import Report, Review
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/admin/login/?next=/admin/"


@pytest.fixture
def judge() -> User:
    made: User = UserFactory(username="judge", moderator=True)
    return made


@pytest.fixture
def client(judge: User) -> Client:
    client = Client()
    client.force_login(judge)
    return client


def act(client: Client, model: str, name: str, keys: Any, **data: str) -> Any:
    address = reverse(f"admin:{model}_act", args=[name]) + f"?ids={keys}"
    assert client.get(address).status_code == 200
    return client.post(address, data)


def test_hiding_and_showing_go_through_the_service_and_stand_on_the_record(
    client: Client, judge: User
) -> None:
    review = ReviewFactory()
    page = client.get(reverse("admin:reviews_review_change", args=[review.pk]))
    assert "act/hide/" in page.content.decode()
    assert act(client, "reviews_review", "hide", review.pk).status_code == 200  # no reason
    assert not ModerationRecord.objects.exists()
    assert act(client, "reviews_review", "hide", review.pk, reason="Ad.").status_code == 302
    review.refresh_from_db()
    review.book.refresh_from_db()
    assert (review.hidden_at is None, review.book.rating_count) == (False, 0)
    act(client, "reviews_review", "show", review.pk, reason="None.")
    found = ModerationRecord.objects.order_by("pk").values_list("verb", "actor", "reason")
    assert list(found) == [
        ("hide_review", judge.pk, "Ad."),
        ("show_review", judge.pk, "None."),
    ]


def test_many_are_chosen_in_a_list(client: Client) -> None:
    reviews = [ReviewFactory() for _ in range(3)]
    chosen = {"action": "hide", "_selected_action": [review.pk for review in reviews]}
    answer = client.post(reverse("admin:reviews_review_changelist"), chosen)
    assert client.post(answer["Location"], {"reason": "Ads."}).status_code == 302
    assert Review.objects.filter(hidden_at__isnull=False).count() == 3


def test_readers_are_suspended_until_and_reinstated(client: Client) -> None:
    ana, admin_ = UserFactory(username="ana"), UserFactory(admin=True)
    act(client, "accounts_user", "suspend", ana.pk, reason="x", until="2999-01-01T10:00")
    ana.refresh_from_db()
    assert str(ana.suspended_until) == "2999-01-01 10:00:00+00:00"
    act(client, "accounts_user", "reinstate", ana.pk, reason="y")
    ana.refresh_from_db()
    assert ana.suspended_at is None
    act(client, "accounts_user", "suspend", admin_.pk, reason="x")
    admin_.refresh_from_db()
    assert admin_.suspended_at is None
    assert "Only admins decide" in client.get("/admin/").content.decode()


def test_clubs_are_hidden_and_shown(client: Client) -> None:
    club = ClubFactory()
    act(client, "clubs_club", "hide", club.pk, reason="x")
    club.refresh_from_db()
    assert club.visibility == "hidden"
    act(client, "clubs_club", "show", club.pk, reason="y")
    club.refresh_from_db()
    assert (club.visibility, club.hidden_at) == ("public", None)


def test_a_report_is_opened_and_decided(client: Client) -> None:
    report = report_of("review", ReviewFactory(text="Buy here.").pk)
    assert "Spam" in client.get("/admin/").content.decode()
    page = client.get(reverse("admin:reviews_report_change", args=[report.pk]))
    assert "Buy here." in page.content.decode()
    assert ModerationRecord.objects.get().verb == "open_report"
    act(client, "reviews_report", "uphold", report.pk, action="hide", reason="Ad.")
    assert Report.objects.get().action == "hide"
    other = report_of("review", ReviewFactory().pk)
    act(client, "reviews_report", "dismiss", other.pk, reason="No.")
    assert Report.objects.get(pk=other.pk).status == "dismissed"


def test_books_are_merged_after_a_preview(client: Client) -> None:
    goes, stays = BookFactory(title="Goes"), BookFactory(title="Stays")
    ReviewFactory(book=goes)
    asked = act(client, "clubs_book", "merge", goes.pk, into=str(stays.pk))
    preview = client.get(asked["Location"]).content.decode()
    assert "Goes" in preview
    assert "The other way round" in preview
    assert client.post(asked["Location"], {"reason": "Same."}).status_code == 302
    assert Review.objects.get().book == stays
    assert client.get(asked["Location"]).status_code == 404
    two = reverse("admin:clubs_book_act", args=["merge"])
    both = client.get(f"{two}?ids={stays.pk},{BookFactory().pk}")
    assert (both.status_code, "/merge/" in both["Location"]) == (302, True)
    many = ",".join(str(BookFactory().pk) for _ in range(3))
    assert client.get(f"{two}?ids={many}")["Location"] == reverse("admin:clubs_book_changelist")


def test_acts_are_for_staff_and_for_things_that_are_there(client: Client) -> None:
    review = ReviewFactory()
    address = reverse("admin:reviews_review_act", args=["hide"])
    stranger = Client()
    stranger.force_login(UserFactory(is_staff=True))  # staff in name only: no site role
    assert stranger.post(f"{address}?ids={review.pk}", {"reason": "x"}).status_code == 302
    assert not Review.objects.filter(hidden_at__isnull=False).exists()
    private = ReviewFactory(club=ClubFactory(private=True))
    for keys in ("", "x", "9" * 30, str(10**9), str(private.pk)):
        assert client.get(f"{address}?ids={keys}").status_code == 404
    assert client.get(reverse("admin:reviews_review_act", args=["burn"])).status_code == 404


def test_guessing_is_limited_as_in_the_api(api: Any, settings: Any, judge: User) -> None:
    settings.SIGN_IN_FAILURES = 3
    visitor = Client()
    wrong = {"username": "judge", "password": "wrong password here"}
    for _ in range(2):
        assert "is wrong" in visitor.post(SIGN_IN, wrong).content.decode()
    assert api().post("auth/token/", {"login": "judge", "password": "w" * 12}).status_code == 401
    right = {"username": "judge", "password": PASSWORD}
    refused = visitor.post(SIGN_IN, right)
    assert "Too many requests" in refused.content.decode()
    assert api().post("auth/token/", {"login": "judge", "password": PASSWORD}).status_code == 429


def test_only_staff_signs_in(judge: User) -> None:
    UserFactory(username="ana")
    UserFactory(username="bea", moderator=True, suspended=True)
    for name, status in (("judge", 302), ("ana", 200), ("bea", 200), ("nobody", 200)):
        data = {"username": name, "password": PASSWORD}
        assert Client().post(SIGN_IN, data).status_code == status, name


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", " =", "\n", "＝"])
def test_no_cell_begins_a_formula(beginning: str) -> None:
    assert cell(f"{beginning}1+1") == f"'{beginning}1+1"
    assert cell("1=1") == "1=1"
    assert (cell(-5), cell(None), cell(True)) == (-5, "", True)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_exports_hold_public_columns_and_no_formula(client: Client, kind: str) -> None:
    evil = ReviewFactory(title='=HYPERLINK("http://x")', text="+1 and\nmore")
    ReviewFactory(club=ClubFactory(private=True), title="Inside")
    chosen = {"action": f"export_{kind}", "select_across": "1", "_selected_action": [evil.pk]}
    answer = client.post(reverse("admin:reviews_review_changelist"), chosen)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == f'attachment; filename="review.{kind}"'
    assert "Inside" not in text
    if kind == "json":
        (row,) = json.loads(text)
        assert row["title"] == evil.title
        return
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert (row["title"], row["text"]) == ("'" + evil.title, "'+1 and\nmore")
    assert row["author__username"] == evil.author.username


def test_every_list_is_searched_exported_and_counted_without_secrets(client: Client) -> None:
    secret = UserFactory(email="secret@example.org")
    report_of("review", ReviewFactory(author=secret).pk)
    for model, pages in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        if model._meta.label == "auth.Group":
            continue
        for query in ("?q=x", "?q=7", "?q=%00", "?q=978-0-306-40615-7", "?p=1"):
            assert client.get(reverse(name) + query).status_code == 200, (name, query)
        if getattr(pages, "date_hierarchy", None):
            by_year = f"?{pages.date_hierarchy}__year=2026"
            assert client.get(reverse(name) + by_year).status_code == 200
        rows = model._default_manager.values_list("pk", flat=True)[:3]
        if rows and model._meta.label != "admin.LogEntry":
            chosen = {"action": "export_csv", "_selected_action": list(rows)}
            answer = client.post(reverse(name), chosen)
            text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
            assert secret.email not in text
            assert secret.password not in text


def test_the_queue_of_the_overview_asks_two_questions(client: Client) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/admin/").status_code == 200
        return sum("reviews_report" in query["sql"] for query in seen.captured_queries)

    report_of("review", ReviewFactory().pk)
    few = questions()
    for _ in range(6):
        report_of("review", ReviewFactory().pk)
    assert questions() == few == 2


def test_large_tables_are_not_counted(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert LargeTablePaginator(Review.objects.order_by("pk"), 50).count == 0
    assert LargeTablePaginator([1, 2, 3], 50).count == 3
    assert COUNTED == 10_000


def test_pages_hold_no_inline_script_or_style(client: Client) -> None:
    review = ReviewFactory()
    hide = reverse("admin:reviews_review_act", args=["hide"]) + f"?ids={review.pk}"
    change = reverse("admin:reviews_review_change", args=[review.pk])
    for address in ("/admin/", reverse("admin:reviews_review_changelist"), change, hide):
        text = client.get(address).content.decode()
        for inline in ("<script>", "<style", " style=", " onclick=", "javascript:"):
            assert inline not in text, (address, inline)
