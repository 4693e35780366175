"""Two books become one: what moves, what gives way, and where the old address leads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import KeptText, ModerationRecord
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.books.indexing import unindexed_books
from clubs.books.tests.factories import BookFactory
from clubs.membership.tests.factories import ClubFactory
from clubs.models import Book, BookSource, ListEntry, Support
from clubs.reading import finished
from clubs.reading.tests.factories import EntryFactory
from reviews.models import Review
from reviews.moderation.merging import merge_books, preview
from reviews.services import recount_books
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge() -> Any:
    return UserFactory(username="judge", moderator=True)


def test_everything_hangs_on_the_other_book_and_the_old_address_leads_there(
    api: Any, judge: Any
) -> None:
    book = BookFactory(isbns=["9780306406157"])
    Book.objects.filter(pk=book.pk).update(page_count=320)
    into = BookFactory(isbns=["9780439023481"])
    BookSource.objects.create(book=book, source="goodbooks", key="7")
    review, entry = ReviewFactory(book=book, rating=6), EntryFactory(book=book)
    ReviewFactory(book=into, rating=10)
    body = {"into": into.pk, "reason": "The same work."}
    answer = api(judge).post(f"books/{book.pk}/merge/", body)
    assert answer.status_code == 200
    merged = answer.json()
    assert (merged["id"], merged["page_count"], merged["rating_count"]) == (into.pk, 320, 2)
    assert merged["isbns"] == ["9780306406157", "9780439023481"]
    assert merged["rating_average"] == 4.0
    review.refresh_from_db()
    entry.refresh_from_db()
    assert (review.book_id, entry.book_id) == (into.pk, into.pk)
    for path in ("books/{}/", "books/{}/reviews/", "stats/books/{}/"):
        moved = api().get(path.format(book.pk))
        assert moved.status_code == 308, path
        assert moved["Location"].endswith("/api/v1/" + path.format(into.pk))
        assert api().get(moved["Location"]).status_code == 200
    assert api(judge).patch(f"books/{book.pk}/", {"title": "x"}).status_code == 308
    assert recount_books() == []
    assert list(wrong_months()) == []
    assert unindexed_books() == 0
    assert BookSource.objects.get().book_id == into.pk
    call_command("check_invariants")
    record = ModerationRecord.objects.get()
    assert (record.verb, record.reason, record.target_id) == (
        "merge_books",
        "The same work.",
        book.pk,
    )


def test_an_address_that_was_merged_twice_leads_to_the_last_book(api: Any, judge: Any) -> None:
    first, second, third = (BookFactory() for _ in range(3))
    merge_books(book_id=first.pk, into_id=second.pk, by=judge)
    merge_books(book_id=second.pk, into_id=third.pk, by=judge)
    moved = api().get(f"books/{first.pk}/")
    assert moved["Location"].endswith(f"/books/{third.pk}/")
    again = api(judge).post(f"books/{first.pk}/merge/", {"into": third.pk})
    assert again.status_code == 308


@pytest.mark.parametrize("later_on_old", [True, False])
def test_of_two_reviews_the_one_edited_later_stays(
    api: Any, judge: Any, later_on_old: bool
) -> None:
    ana, book, into = UserFactory(username="ana"), BookFactory(), BookFactory()
    earlier = timezone.now() - timedelta(days=9)
    old = ReviewFactory(book=book, author=ana, rating=2, text="Old.", created_at=earlier)
    new = ReviewFactory(book=into, author=ana, rating=9, text="New.", created_at=earlier)
    edited = old if later_on_old else new
    Review.objects.filter(pk=edited.pk).update(edited_at=timezone.now())
    loser = new if later_on_old else old
    plan = preview(book=book, into=into)
    assert (plan.reviews_aside, plan.reviews_moved) == ([loser.pk], 1 if later_on_old else 0)
    merge_books(book_id=book.pk, into_id=into.pk, by=judge)
    stays = Review.objects.get()
    assert (stays.pk, stays.book_id) == (edited.pk, into.pk)
    kept = KeptText.objects.get()
    assert (kept.reader, kept.content["text"]) == (ana, loser.text)
    told = api(ana).get("users/me/").json()["notices"]
    assert [each["kind"] for each in told] == ["review_set_aside"]
    assert recount_books() == []
    assert list(wrong_months()) == []


def test_where_a_club_finished_both_it_has_finished_one(judge: Any) -> None:
    club, book, into = ClubFactory(), BookFactory(), BookFactory()
    for each, day in ((book, date(2026, 1, 1)), (into, date(2026, 2, 1))):
        EntryFactory(
            club=club, book=each, status="finished", started_on=date(2025, 12, 1), finished_on=day
        )
    merge_books(book_id=book.pk, into_id=into.pk, by=judge)
    assert sum(number for _month, _archived, number in finished.finished_by_month()) == 1
    assert list(finished.wrong_months()) == []


@pytest.mark.parametrize("further_on_old", [True, False])
def test_where_a_club_lists_both_the_entry_further_along_stays(
    judge: Any, further_on_old: bool
) -> None:
    club, book, into = ClubFactory(), BookFactory(), BookFactory()
    fan, both = UserFactory(), UserFactory()
    statuses = ("reading", "planned") if further_on_old else ("proposed", "finished")
    old, new = (
        EntryFactory(
            club=club,
            book=each,
            status=status,
            position=place,
            pitch=f"Pitch {place}",
            started_on=date(2025, 12, 1) if status in ("reading", "finished") else None,
            finished_on=date(2026, 1, 1) if status == "finished" else None,
        )
        for place, (each, status) in enumerate(zip((book, into), statuses, strict=True), start=1)
    )
    after = EntryFactory(club=club, position=3)
    for entry, reader in ((old, fan), (old, both), (new, both)):
        Support.objects.create(entry=entry, reader=reader)
    version = club.list_version
    merge_books(book_id=book.pk, into_id=into.pk, by=judge)
    winner = old if further_on_old else new
    stays = ListEntry.objects.get(book=into)
    assert (stays.pk, stays.status) == (winner.pk, winner.status)
    assert stays.supporters_count == stays.supports.count() == 2
    after.refresh_from_db()
    club.refresh_from_db()
    places = ListEntry.objects.filter(club=club).values_list("position", flat=True)
    assert sorted(places) == [1, 2]
    assert (after.position, club.list_version) == (2, version + 1)
    assert KeptText.objects.get().content["pitch"] == ("Pitch 2" if further_on_old else "Pitch 1")
    call_command("check_invariants")


def test_what_cannot_be_merged_is_refused(api: Any, judge: Any) -> None:
    book = BookFactory()
    path = f"books/{book.pk}/merge/"
    assert api(judge).post(path, {"into": book.pk}).json()["code"] == "same_book"
    unknown = api(judge).post(path, {"into": 10**9})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/into")
    assert api(judge).post(f"books/{10**9}/merge/", {"into": book.pk}).status_code == 404


def test_a_book_is_deleted_only_while_nothing_hangs_on_it(api: Any, judge: Any) -> None:
    used, unused = ReviewFactory().book, BookFactory(title="By mistake")
    refused = api(judge).delete(f"books/{used.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert api(judge).delete(f"books/{unused.pk}/?reason=Empty").status_code == 204
    assert api().get(f"books/{unused.pk}/").status_code == 404
    assert unindexed_books() == 0
    record = ModerationRecord.objects.get()
    assert (record.verb, record.reason, record.before["title"]) == (
        "delete_book",
        "Empty",
        "By mistake",
    )
