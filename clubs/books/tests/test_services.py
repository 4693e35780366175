"""The rules of the catalogue, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from bookbridge.kernel.announcements import changed
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, NotAllowed, Stale
from bookbridge.kernel.taking_out import held
from clubs.books.models import Author, Book, Isbn
from clubs.books.personal_data import erase, export
from clubs.books.services import add_book, edit_book, mark_shared
from clubs.books.shapes import book_cards
from clubs.books.tests.factories import AuthorFactory, BookFactory

pytestmark = pytest.mark.django_db

DOM_CASMURRO = "9780850515039"
OTHER_EDITION = "9780439023481"


def authors_of(book: Book) -> list[str]:
    return list(book.authors.order_by("authorships__position").values_list("name", flat=True))


def isbns_of(book: Book) -> list[str]:
    return list(book.isbns.values_list("isbn13", flat=True))


def add(**fields: Any) -> Book:
    given = {"by": None, "title": "Dom Casmurro", "authors": ["Machado de Assis"]} | fields
    return add_book(**given)


class TestAdding:
    def test_a_book_is_added_with_all_that_is_known(self) -> None:
        ana = UserFactory()
        book = add(
            by=ana,
            isbns=["978-0-85051-503-9"],
            published_year=1899,
            language="pt-br",
            page_count=256,
        )
        book.refresh_from_db()
        assert (book.title, book.published_year, book.page_count) == ("Dom Casmurro", 1899, 256)
        assert (book.added_by, book.version, book.rating_count) == (ana, 1, 0)
        assert authors_of(book) == ["Machado de Assis"]
        assert isbns_of(book) == [DOM_CASMURRO]
        assert book.work_key == "dom casmurro|machado de assis"
        assert book.search_text == "dom casmurro machado de assis"

    def test_authors_keep_their_order_and_are_known_by_name(self) -> None:
        known = AuthorFactory(name="Neil Gaiman")
        book = add(title="Good Omens", authors=["Terry Pratchett", "NEIL  GAIMAN", "neil gaimán"])
        assert authors_of(book) == ["Terry Pratchett", "Neil Gaiman"]
        assert list(Author.objects.filter(name_key="neil gaiman")) == [known]

    def test_names_in_any_script_are_told_apart(self) -> None:
        book = add(authors=["夏目漱石", "صلاح جاهين", "?!", "..."])
        assert authors_of(book) == ["夏目漱石", "صلاح جاهين", "?!", "..."]

    def test_a_book_without_author_is_refused(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            add(authors=["  "])
        assert refusal.value.errors[0][0] == "/authors"

    def test_more_than_twenty_authors_are_refused_and_none_is_created(self) -> None:
        with pytest.raises(InvalidInput):
            add(authors=[f"Author {number}" for number in range(21)])
        assert not Author.objects.exists()

    def test_each_invalid_isbn_is_named(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            add(isbns=["9780439023482", DOM_CASMURRO, "x"])
        named = [(pointer, code) for pointer, code, _detail in refusal.value.errors]
        assert named == [("/isbns/0", "invalid_isbn"), ("/isbns/2", "invalid_isbn")]
        assert not Book.objects.exists()

    def test_the_same_isbn_twice_in_one_book_counts_once(self) -> None:
        assert isbns_of(add(isbns=["0439023483", OTHER_EDITION])) == [OTHER_EDITION]

    def test_a_field_that_books_do_not_have_is_a_mistake(self) -> None:
        with pytest.raises(TypeError, match="rating_count"):
            add(rating_count=5)

    def test_it_is_announced(self, django_capture_on_commit_callbacks: Any) -> None:
        heard: list[Any] = []

        def listen(**event: Any) -> None:
            heard.append((event["kind"], event["book_id"]))

        changed.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                book = add()
        finally:
            changed.disconnect(listen)
        assert heard == [("book", book.pk)]


class TestDuplicates:
    def test_an_isbn_belongs_to_one_book(self) -> None:
        first = BookFactory(isbns=[DOM_CASMURRO])
        with pytest.raises(DomainError) as refusal:
            add(title="Something else", isbns=[DOM_CASMURRO])
        assert refusal.value.code == "isbn_taken"
        url = f"/api/v1/books/{first.pk}/"
        assert refusal.value.extra == {"existing": {"id": first.pk, "url": url}}
        assert Book.objects.count() == 1

    def test_the_same_work_by_hand_names_the_candidates(self) -> None:
        first = add(isbns=[DOM_CASMURRO])
        with pytest.raises(DomainError) as refusal:
            add(title="DOM CASMURRO!", authors=["machado de ássis", "Somebody Else"])
        assert refusal.value.code == "possible_duplicate"
        candidate = {"id": first.pk, "title": first.title, "url": f"/api/v1/books/{first.pk}/"}
        assert refusal.value.extra == {"candidates": [candidate]}

    def test_who_says_that_it_is_another_book_may_add_it(self) -> None:
        assert add().pk != add(confirm_distinct=True).pk

    def test_an_isbn_does_not_tell_it_from_a_book_without(self) -> None:
        add()
        with pytest.raises(DomainError, match="title and author"):
            add(isbns=[DOM_CASMURRO])

    def test_two_isbns_tell_two_books_apart(self) -> None:
        assert add(isbns=[DOM_CASMURRO]).pk != add(isbns=[OTHER_EDITION]).pk

    @pytest.mark.parametrize(
        "other", [{"title": "Dom Casmurro 2"}, {"authors": ["Somebody", "Machado de Assis"]}]
    )
    def test_another_title_or_first_author_is_another_work(self, other: dict[str, Any]) -> None:
        add()
        assert add(**other).pk

    def test_titles_of_punctuation_are_told_apart(self) -> None:
        add(title="?")
        assert add(title="!").pk


class TestEditing:
    def test_who_added_it_edits_it(self) -> None:
        ana = UserFactory()
        book = add(by=ana)
        edit_book(book_id=book.pk, by=ana, changes={"title": "Dom Casmurro", "page_count": 256})
        before = book.updated_at
        book.refresh_from_db()
        assert (book.page_count, book.version) == (256, 2)
        assert book.updated_at > before

    def test_what_stays_the_same_is_no_edit(self) -> None:
        ana = UserFactory()
        book = add(by=ana, isbns=[DOM_CASMURRO])
        same = {
            "title": "Dom Casmurro",
            "authors": ["machado de assis"],
            "isbns": ["0-85051-503-X"],
        }
        same["isbns"] = ["978-0-85051-503-9"]
        assert edit_book(book_id=book.pk, by=ana, changes=same).version == 1

    def test_authors_and_isbns_are_replaced_as_a_whole(self) -> None:
        ana = UserFactory()
        book = add(by=ana, isbns=[DOM_CASMURRO])
        changes = {"authors": ["J. M. Machado de Assis"], "isbns": [OTHER_EDITION]}
        edit_book(book_id=book.pk, by=ana, changes=changes)
        book.refresh_from_db()
        assert authors_of(book) == ["J. M. Machado de Assis"]
        assert isbns_of(book) == [OTHER_EDITION]
        assert book.work_key == "dom casmurro|j m machado de assis"
        assert book.search_text == "dom casmurro j m machado de assis"

    def test_an_isbn_of_another_book_is_refused(self) -> None:
        ana = UserFactory()
        first, second = BookFactory(isbns=[DOM_CASMURRO]), add(by=ana, title="Another")
        with pytest.raises(DomainError) as refusal:
            edit_book(book_id=second.pk, by=ana, changes={"isbns": [DOM_CASMURRO]})
        assert refusal.value.extra["existing"]["id"] == first.pk
        assert isbns_of(second) == []

    def test_a_stale_version_is_refused(self) -> None:
        ana = UserFactory()
        book = add(by=ana)
        with pytest.raises(Stale):
            edit_book(book_id=book.pk, by=ana, changes={"title": "X"}, expected=frozenset({2, 3}))

    def test_somebody_else_may_not(self) -> None:
        book = add(by=UserFactory())
        with pytest.raises(NotAllowed) as refusal:
            edit_book(book_id=book.pk, by=UserFactory(), changes={"title": "X"})
        assert refusal.value.code == "not_your_book"

    def test_a_shared_book_is_left_to_site_moderators(self) -> None:
        ana, moderator = UserFactory(), UserFactory(roles=["moderator"])
        book = add(by=ana)
        mark_shared(book_id=book.pk, by=UserFactory())
        with pytest.raises(NotAllowed) as refusal:
            edit_book(book_id=book.pk, by=ana, changes={"title": "X"})
        assert refusal.value.code == "book_is_shared"
        assert edit_book(book_id=book.pk, by=moderator, changes={"title": "X"}).title == "X"

    def test_ones_own_entry_or_review_does_not_share_a_book(self) -> None:
        ana = UserFactory()
        book = add(by=ana)
        mark_shared(book_id=book.pk, by=ana)
        assert edit_book(book_id=book.pk, by=ana, changes={"title": "X"}).version == 2

    def test_a_book_that_nobody_added_is_shared_by_the_first_who_uses_it(self) -> None:
        book = BookFactory()
        mark_shared(book_id=book.pk, by=UserFactory())
        book.refresh_from_db()
        assert book.shared_at is not None

    def test_a_book_that_is_not_there_is_missing(self) -> None:
        with pytest.raises(Missing):
            edit_book(book_id=1, by=UserFactory(), changes={})


def test_cards_take_three_queries_for_any_number(django_assert_num_queries: Any) -> None:
    books = [BookFactory(authors=["A", f"B {number}"]) for number in range(20)]
    with django_assert_num_queries(3):
        one = book_cards([books[0].pk])
    with django_assert_num_queries(3):
        all_of_them = book_cards(book.pk for book in books)
    assert one == {books[0].pk: all_of_them[books[0].pk]}
    assert [author["name"] for author in all_of_them[books[7].pk]["authors"]] == ["A", "B 7"]
    assert book_cards([]) == {}


def test_the_database_takes_an_isbn_once_whatever_the_code_does() -> None:
    index = "isbn_once_in_catalogue"
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Isbn._meta.db_table)
    assert constraints[index]["unique"]


def test_a_reader_who_leaves_leaves_the_books() -> None:
    ana = UserFactory()
    book = add(by=ana)
    assert [row["title"] for row in export(ana)["books_added"]] == ["Dom Casmurro"]
    erase(ana)
    book.refresh_from_db()
    assert book.added_by is None
    assert held(export(ana)) == {"books_added": []}
