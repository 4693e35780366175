"""What is repaired, and what is refused because nobody can know."""

from __future__ import annotations

import pytest

from bookbridge.importing import repairs as repair
from bookbridge.importing.repairs import Refused


def doubled(text: str, *, lossy: bool = False) -> str:
    """`text` encoded as UTF-8 and read as Latin-1; with `lossy` twice, as on Windows."""
    if not lossy:
        return text.encode().decode("latin-1")
    once = text.encode().decode("cp1252").encode().decode("cp1252")
    return once.encode("latin-1", "replace").decode("latin-1").encode().decode("latin-1")


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [
        (doubled("Cien Años de Soledad"), "Cien Años de Soledad"),
        (doubled(doubled("Saint-Exupéry")), "Saint-Exupéry"),
        (doubled("Die fünfte Frau", lossy=True), "Die fünfte Frau"),
        (doubled("Nacht über den Wassern", lossy=True), "Nacht über den Wassern"),
        ("Simon &amp; Schuster", "Simon & Schuster"),
        (r'\O\" Is for Outlaw"', '"O" Is for Outlaw'),
        (r'A Child Called \It\": One Child"', 'A Child Called "It": One Child'),
    ],
)
def test_damaged_texts_are_made_whole(damaged: str, whole: str) -> None:
    done: list[str] = []
    assert repair.text(damaged, done, longest=300, name="title") == whole
    assert done


@pytest.mark.parametrize(
    "text", ["Smaragdgrün", "الفيل الأزرق", "AT&T", "Ångström — «été»", "C:\\x", "Crime & Co;"]
)
def test_good_texts_stay_as_they_are(text: str) -> None:
    done: list[str] = []
    assert repair.text(text, done, longest=300, name="title") == text
    assert not done


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("StraÃ\x83?Ã\x82?enbahn", "lost_letters"),
        ("Fran\ufffdais", "damaged_text"),
        ("x" * 301, "too_long"),
    ],
)
def test_what_nobody_can_know_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        repair.text(text, [], longest=300, name="title")
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("isbn", "isbn13", "found", "done"),
    [
        ("0306406152", "", ["9780306406157"], []),
        ("306406152", "9.78030640615e+12", ["9780306406157"], ["isbn_leading_zeros"]),
        ("", "9780306406157", ["9780306406157"], []),
        # The last ten digits of an ISBN-13, as what is left of it shows.
        ("306406157", "9.78030640616e+12", ["9780306406157"], ["isbn_without_prefix"]),
        ('="0306406152"', '=""', ["9780306406157"], []),
        ("", "9.78030640615e+12", [], []),
        ("", "", [], []),
    ],
)
def test_isbns(isbn: str, isbn13: str, found: list[str], done: list[str]) -> None:
    noted: list[str] = []
    assert repair.isbns(isbn, isbn13, noted) == found
    assert noted == done


@pytest.mark.parametrize(
    ("isbn", "isbn13"),
    [("306406153", ""), ("306406157", ""), ("306406157", "9.78111111111e+12"), ("", "97803064")],
)
def test_isbns_that_cannot_be_one_are_refused(isbn: str, isbn13: str) -> None:
    with pytest.raises(Refused) as refused:
        repair.isbns(isbn, isbn13, [])
    assert refused.value.reason == "invalid_isbn"


def test_years() -> None:
    done: list[str] = []
    assert repair.year("2008.0", done) == 2008
    assert repair.year("", done) is None
    assert not done
    assert repair.year("-720.0", done) == -720
    assert repair.year("0", done) is None
    assert done == ["year_before_common_era", "year_unknown"]
    for text in ("2999", "12345", "MMVIII", "-4000"):
        with pytest.raises(Refused):
            repair.year(text, [])


def test_languages() -> None:
    codes = {"eng": "en", "en-US": "en-us", "fre": "fr", "": "", "mul": "mul", "per": "fa"}
    assert {code: repair.language(code) for code in codes} == codes
    with pytest.raises(Refused):
        repair.language("English, mostly")


@pytest.mark.parametrize(
    ("value", "scale", "half_stars"), [("5", 5, 10), ("3.5", 5, 7), ("1", 10, 1), ("10", 10, 10)]
)
def test_ratings_become_half_stars(value: str, scale: int, half_stars: int) -> None:
    assert repair.half_stars(value, scale) == half_stars


@pytest.mark.parametrize(
    ("value", "scale"),
    [("0", 10), ("", 5), ("5.5", 5), ("11", 10), ("3.3", 5), ("x", 5), ("nan", 5)],
)
def test_other_ratings_are_refused(value: str, scale: int) -> None:
    with pytest.raises(Refused):
        repair.half_stars(value, scale)


def test_moments() -> None:
    for text in ("2016-02-29", "2016/02/29", "2016-02-29T00:00:00+00:00", "1456704000"):
        moment = repair.moment(text)
        assert moment is not None
        assert moment.isoformat() == "2016-02-29T00:00:00+00:00"
    assert repair.moment("") is None
    for text in ("2999-01-01", "yesterday", "9" * 30):
        with pytest.raises(Refused):
            repair.moment(text)
