"""Ratings: the last word of a reader counts, numbers equal a recount, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from accounts.imported import username_for
from accounts.models import User
from accounts.services import erase_reader
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.importing import ratings as importing
from bookbridge.importing import staging
from bookbridge.importing.tests.conftest import GOODBOOKS
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.models import Book, BookSource
from reviews.models import Review
from reviews.recount import recount_books

pytestmark = pytest.mark.django_db

BOOKS = GOODBOOKS + "1,100,,,Ana,2001,One,,\n2,200,,,Bea,2002,Two,,\n3,300,,,Cid,2003,Three,,\n"
RATINGS = """\
book_id,user_id,rating
1,7,5
1,8,3
1,7,2
2,7,4
2,7,4
9,7,4
2,8,6
2,8,0
3,9,1
"""


@pytest.fixture
def books(importer: Any) -> None:
    importer("import_books", BOOKS)


def state() -> list[Any]:
    reviews = Review.objects.order_by("author__username", "book__title")
    books = Book.objects.order_by("title")
    return [
        list(reviews.values()),
        list(books.values()),
        list(User.objects.order_by("pk").values()),
    ]


def said() -> list[tuple[str, str, int]]:
    rows = Review.objects.order_by("author__username", "book__title")
    return list(rows.values_list("author__username", "book__title", "rating"))


SAID = [
    ("goodbooks-7", "One", 4),
    ("goodbooks-7", "Two", 8),
    ("goodbooks-8", "One", 6),
    ("goodbooks-9", "Three", 2),
]


@pytest.mark.usefixtures("books")
def test_goodbooks(importer: Any) -> None:
    assert importer("import_ratings", RATINGS, packed=True) == (4, 2, 0, 3)
    assert sorted(importer.reasons("refused")) == [
        (7, "unknown_book"),
        (8, "invalid_rating"),
        (9, "not_rated"),
    ]
    assert importer.reasons("merged") == [(2, "later_row_wins")]
    assert said() == SAID
    assert recount_books() == []
    assert list(wrong_months()) == []
    one = Book.objects.get(title="One")
    assert (one.rating_count, one.rating_sum) == (2, 10)
    assert one.shared_at is not None

    before = state()
    assert importer("import_ratings", RATINGS) == (0, 6, 0, 3)
    assert state() == before


@pytest.mark.usefixtures("books")
def test_who_is_imported_is_marked_and_cannot_sign_in(importer: Any, api: Any) -> None:
    importer("import_ratings", RATINGS)
    reader = User.objects.get(username="goodbooks-7")
    assert (reader.email, reader.import_source, reader.is_active) == (None, "goodbooks", False)
    assert not reader.has_usable_password()
    reader.set_password(PASSWORD)
    reader.save()
    response = api().post("auth/token/", {"login": "goodbooks-7", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")
    assert api().get("users/goodbooks-7/").json()["imported"] is True
    book = Book.objects.get(title="Three")
    shown = api().get(f"books/{book.pk}/reviews/").json()["results"][0]["author"]
    assert shown == {"username": "goodbooks-9", "display_name": "", "imported": True}


@pytest.mark.usefixtures("books")
def test_undated_ratings_are_in_no_month(importer: Any, api: Any) -> None:
    importer("import_ratings", RATINGS)
    book = Book.objects.get(title="One")
    for path in (f"stats/books/{book.pk}/", "stats/", "stats/users/goodbooks-7/"):
        figures = api().get(path).json()
        assert sum(month["reviews"] for month in figures["by_month"]) == 0
    assert Review.objects.dated().count() == 0


@pytest.mark.usefixtures("books")
def test_dates_decide(importer: Any) -> None:
    dated = "book_id,user_id,rating,at\n1,7,5,2020-05-01\n1,7,1,2019-05-01\n2,7,3,\n"
    options = ("--map", "date=at")
    assert importer("import_ratings", dated, *options) == (2, 1, 0, 0)
    review = Review.objects.get(book__title="One")
    assert (review.rating, review.undated) == (10, False)
    assert review.created_at.isoformat() == "2020-05-01T00:00:00+00:00"
    # No date beats none that is known; a younger one does.
    assert importer("import_ratings", "book_id,user_id,rating\n1,7,2\n2,7,5\n") == (0, 2, 0, 0)
    assert said() == [("goodbooks-7", "One", 10), ("goodbooks-7", "Two", 10)]
    younger = "book_id,user_id,rating,at\n1,7,2,2021-05-01\n2,7,4,2021-05-01\n"
    assert importer("import_ratings", younger, *options) == (0, 2, 0, 0)
    assert said() == [("goodbooks-7", "One", 4), ("goodbooks-7", "Two", 8)]
    assert Review.objects.dated().count() == 2
    assert recount_books() == []
    assert list(wrong_months()) == []


def test_book_crossing(importer: Any) -> None:
    book = BookFactory(isbns=["9780306406157"])
    text = (
        '"User-ID";"ISBN";"Book-Rating"\r\n"7";"0306406152";"9"\r\n"8";"306406152";"1"\r\n'
        '"9";"0306406152";"0"\r\n"9";"0306406153";"5"\r\n"9";"0399135782";"5"\r\n'
    )
    assert importer("import_ratings", text) == (1, 0, 1, 3)
    assert sorted(Review.objects.values_list("author__username", "rating")) == [
        ("bookcrossing-7", 9),
        ("bookcrossing-8", 1),
    ]
    assert sorted(reason for _line, reason in importer.reasons("refused")) == [
        "invalid_isbn",
        "not_rated",
        "unknown_book",
    ]
    book.refresh_from_db()
    assert (book.rating_count, book.stars_45, book.stars_05) == (2, 1, 1)
    assert importer("import_ratings", text) == (0, 2, 0, 3)


@pytest.mark.usefixtures("books")
def test_a_dry_run_says_the_same_and_writes_nothing(importer: Any) -> None:
    before = state()
    assert importer("import_ratings", RATINGS, "--dry-run") == (4, 2, 0, 3)
    assert state() == before
    importer("import_ratings", RATINGS)
    assert importer("import_ratings", RATINGS, "--dry-run") == (0, 6, 0, 3)


@pytest.mark.usefixtures("books")
def test_an_interrupted_run_is_continued(importer: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "WRITTEN_AT_ONCE", 1)
    publish, calls = importing.publish_from, []

    def fail(*args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return publish(*args, **kwargs)

    monkeypatch.setattr(importing, "publish_from", fail)
    with pytest.raises(KeyboardInterrupt):
        importer("import_ratings", RATINGS)
    assert 0 < Review.objects.count() < 4
    assert recount_books() == []
    assert list(wrong_months()) == []
    importer("import_ratings", RATINGS)
    assert said() == SAID
    assert recount_books() == []
    assert list(wrong_months()) == []


@pytest.mark.usefixtures("books")
def test_nobody_is_taken_for_somebody_else(importer: Any) -> None:
    UserFactory(username="goodbooks-8")
    importer("import_ratings", "book_id,user_id,rating\n1,9,5\n")
    erase_reader(reader=User.objects.get(username="goodbooks-9"))
    assert importer("import_ratings", RATINGS) == (2, 2, 0, 5)
    assert sorted(importer.reasons("refused"))[:1] == [(3, "username_taken")]
    assert (10, "reader_erased") in importer.reasons("refused")
    assert recount_books() == []
    assert list(wrong_months()) == []


@pytest.mark.usefixtures("books")
def test_hidden_reviews_change_no_numbers(importer: Any) -> None:
    importer("import_ratings", RATINGS)
    one = Book.objects.get(title="One")
    Review.objects.filter(book=one).update(hidden_at="2024-01-01T00:00:00Z")
    recount_books(heal=True)
    importer("import_ratings", "book_id,user_id,rating\n1,7,5\n")
    assert Review.objects.get(book=one, author__username="goodbooks-7").rating == 10
    assert recount_books() == []
    assert list(wrong_months()) == []


def test_other_data_sets(importer: Any) -> None:
    book = BookFactory(goodreads_id="55")
    BookSource.objects.create(book=book, source="mine", key="a")
    text = "who,what,stars\nAna@example.org,a,3.5\nbob,a,4\n"
    options = ("--map", "reader=who,book=what,rating=stars", "--source", "mine")
    assert importer("import_ratings", text, *options) == (2, 0, 0, 0)
    names = set(Review.objects.values_list("author__username", flat=True))
    assert names == {"mine-bob", username_for("mine", "Ana@example.org")}
    assert all(len(name) <= 30 and "@" not in name for name in names)
    with pytest.raises(CommandError):
        importer("import_ratings", text, "--map", "reader=who,book=what,rating=stars")
    by_goodreads = "who,what,stars\nbob,55,1\n"
    options = ("--map", "reader=who,goodreads_id=what,rating=stars", "--source", "mine")
    assert importer("import_ratings", by_goodreads, *options) == (0, 1, 0, 0)
    with pytest.raises(CommandError):
        importer("import_ratings", "user\titem\taccessed\n1\t2\t1\n")


@pytest.mark.usefixtures("books")
def test_the_tables_on_the_way_are_gone_afterwards(importer: Any) -> None:
    importer("import_ratings", RATINGS)
    staging.begin()
    staging.drop()
