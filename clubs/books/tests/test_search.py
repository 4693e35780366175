"""Search, on the database that the tests run on: best match first, never an error."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.tests.factories import UserFactory
from clubs.books.indexing import index_book, rebuild_index, unindex_book, unindexed_books
from clubs.books.models import Book, SearchWord
from clubs.books.ratings import record_ratings
from clubs.books.search import matching_books, search_books
from clubs.books.services import add_book, edit_book
from clubs.books.tests.factories import BookFactory

pytestmark = pytest.mark.django_db

on_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the table clubs_book_fts is SQLite's"
)


def titles(text: str, **narrowed: Any) -> list[str]:
    found = search_books(Book.objects.filter(**narrowed), text)
    return list(found.values_list("title", flat=True))


@pytest.fixture
def shelf() -> None:
    for title, *authors in (
        ("Guerra e Paz", "Liev Tolstói"),
        ("Anna Kariênina", "Liev Tolstói"),
        ("Memórias póstumas de Brás Cubas", "Machado de Assis"),
        ("Dom Casmurro", "Machado de Assis"),
        ("A hora da estrela", "Clarice Lispector"),
        ("Crime and Punishment", "Fyodor Dostoyevsky"),
        ("The Straße", "Günter Weiß"),
        ("吾輩は猫である", "夏目漱石"),
        ("رجال في الشمس", "غسان كنفاني"),
        ("C++ and don't", 'Dom" NOT OR'),
    ):
        BookFactory(title=title, authors=authors)


@pytest.mark.usefixtures("shelf")
class TestFinding:
    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("guerra e paz", "Guerra e Paz"),
            ("PAZ guerra", "Guerra e Paz"),
            ("memorias postumas", "Memórias póstumas de Brás Cubas"),
            ("MEMÓRIAS", "Memórias póstumas de Brás Cubas"),
            ("brás", "Memórias póstumas de Brás Cubas"),
            ("tolstoi anna", "Anna Kariênina"),
            ("lispec", "A hora da estrela"),
            ("estr cla", "A hora da estrela"),
            ("strasse weiss", "The Straße"),
            ("吾輩", "吾輩は猫である"),
            ("夏目漱石", "吾輩は猫である"),
            ("الشمس", "رجال في الشمس"),
            ("don't", "C++ and don't"),
            ("c++", "C++ and don't"),
            ('dom" not', "C++ and don't"),
        ],
    )
    def test_words_are_found_by_their_beginnings(self, text: str, title: str) -> None:
        assert title in titles(text)
        assert title in matching_books(Book.objects.all(), text).values_list("title", flat=True)

    def test_all_words_must_occur(self) -> None:
        assert titles("tolstoi casmurro") == []

    @pytest.mark.parametrize("text", ["", "'", '"', "%", "_", "*", "\\", "():&|!<->", "\u0301"])
    def test_a_text_without_letters_and_digits_finds_nothing(self, text: str) -> None:
        assert titles(text) == []
        assert not matching_books(Book.objects.all(), text).exists()

    @pytest.mark.parametrize(
        "text", ["AND", "or", "NOT dom", "NEAR(dom)", "title:dom", "dom*", "^dom", "a" * 500, "-1"]
    )
    def test_words_of_a_query_language_are_just_words(self, text: str) -> None:
        titles(text)
        list(matching_books(Book.objects.all(), text))

    def test_only_what_passes_the_filters_is_found(self) -> None:
        Book.objects.filter(title="Dom Casmurro").update(language="pt-br")
        assert titles("machado", language="pt-br") == ["Dom Casmurro"]
        assert titles("machado", pk__in=[]) == []

    def test_the_description_is_not_searched(self) -> None:
        Book.objects.update(description="unmistakable")
        rebuild_index()
        assert titles("unmistakable") == []

    @pytest.mark.postgres
    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("dostoievski", "Crime and Punishment"),
            ("dostoyevski crime", "Crime and Punishment"),
            ("machdo de asis casmuro", "Dom Casmurro"),
            ("lispetcor", "A hora da estrela"),
            ("guera e paz", "Guerra e Paz"),
            ("ana karienina", "Anna Kariênina"),
        ],
    )
    def test_typing_errors_are_forgiven(self, text: str, title: str) -> None:
        assert titles(text)[0] == title

    @pytest.mark.postgres
    def test_nonsense_is_not_similar_to_anything(self) -> None:
        assert titles("xyzzy plugh qwertz") == []


class TestIsbn:
    @pytest.mark.parametrize(
        "text", ["9780439023481", "978-0-439-02348-1", "0439023483", " 0-439-02348-3"]
    )
    def test_an_isbn_finds_its_book_alone(self, text: str) -> None:
        book = BookFactory(isbns=["9780439023481"])
        BookFactory(title="9780439023481 and 0439023483")
        assert list(search_books(Book.objects.all(), text)) == [book]
        assert list(matching_books(Book.objects.all(), text)) == [book]

    def test_an_isbn_that_nobody_has_may_be_a_word(self) -> None:
        BookFactory(title="All about 9780439023481")
        assert titles("9780439023481") == ["All about 9780439023481"]

    def test_filters_hold_for_it_too(self) -> None:
        BookFactory(isbns=["9780439023481"], language="en")
        assert titles("9780439023481", language="fr") == []


class TestRanking:
    def test_the_whole_title_comes_before_its_beginning_before_the_rest(self) -> None:
        for title, author in (
            ("The art of Emma", "A"),
            ("Emma in love", "B"),
            ("Somewhere", "Emma Stone"),
            ("Emma", "Jane Austen"),
        ):
            BookFactory(title=title, authors=[author])
        found = titles("emma")
        assert found[:2] == ["Emma", "Emma in love"]
        assert set(found[2:]) == {"The art of Emma", "Somewhere"}

    @pytest.mark.postgres
    def test_among_equals_the_more_rated_comes_first(self) -> None:
        unknown = BookFactory(title="Emma", authors=["Somebody"])
        known = BookFactory(title="Emma", authors=["Jane Austen"])
        record_ratings(book_id=known.pk, added=[9, 9])
        assert list(search_books(Book.objects.all(), "emma")) == [known, unknown]

    def test_there_is_a_window(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("search", "ranking"):
            monkeypatch.setattr(f"clubs.books.{module}.RANKED_WINDOW", 5)
        for number in range(8):
            BookFactory(title=f"Window {number}")
        exact = BookFactory(title="Window", authors=["Unrated"])
        found = list(search_books(Book.objects.all(), "window"))
        assert len(found) == 5
        assert found[0] == exact


class TestIndex:
    @pytest.mark.postgres
    def test_the_words_of_a_book_are_known(self) -> None:
        BookFactory(title="Unheard-of Vellichor", authors=["Ann Lee"])
        known = set(SearchWord.objects.values_list("word", flat=True))
        assert known >= {"unheard", "vellichor"}
        assert not known & {"of", "ann", "lee"}

    @on_sqlite
    def test_no_words_are_kept_where_none_are_looked_for(self) -> None:
        BookFactory()
        assert not SearchWord.objects.exists()

    def test_services_keep_it(self) -> None:
        ana = UserFactory()
        book = add_book(by=ana, title="Old title", authors=["First Author"], subtitle="Sub")
        assert titles("old sub first") == ["Old title"]
        edit_book(book_id=book.pk, by=ana, changes={"title": "New", "authors": ["Second One"]})
        assert titles("old") == titles("first") == []
        assert titles("new second sub") == ["New"]

    def test_it_is_rebuilt_from_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("clubs.books.indexing.REINDEX_BATCH", 2)
        books = [BookFactory(title=f"Lost {number}") for number in range(5)]
        Book.objects.update(search_text="")
        for book in books:
            unindex_book(book.pk)
        assert titles("lost") == []
        assert rebuild_index() == 5
        assert len(titles("lost")) == 5
        assert unindexed_books() == 0

    @on_sqlite
    def test_a_table_that_differs_is_noticed(self) -> None:
        book = BookFactory()
        unindex_book(book.pk)
        assert unindexed_books() == 1
        index_book(book)
        Book.objects.filter(pk=book.pk).delete()
        assert unindexed_books() == 1

    def test_indexing_twice_changes_nothing(self) -> None:
        book = BookFactory(title="Once")
        index_book(book)
        assert titles("once") == ["Once"]


@given(st.text(max_size=80))
@hypothesis_settings(max_examples=100)
def test_no_text_is_an_error(text: str) -> None:
    list(search_books(Book.objects.all(), text.replace("\x00", "")))
    list(matching_books(Book.objects.all(), text.replace("\x00", "")))


@given(st.text(min_size=1, max_size=40))
@hypothesis_settings(max_examples=100)
def test_a_book_is_found_by_its_own_title(title: str) -> None:
    title = title.replace("\x00", "")
    if not any(character.isascii() and character.isalnum() for character in title):
        title = f"a{title}"
    book = BookFactory(title=title)
    try:
        assert book in search_books(Book.objects.all(), title)
    finally:
        unindex_book(book.pk)
        book.delete()
