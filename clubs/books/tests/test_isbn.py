"""What is an ISBN, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubs.books.isbn import InvalidIsbn, find, parse


def check_digit_13(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-total % 10)


def check_digit_10(body: str) -> str:
    number = -sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return "X" if number == 10 else str(number)


bodies_13 = st.builds(
    lambda prefix, rest: f"{prefix}{rest:09d}",
    st.sampled_from(["978", "979"]),
    st.integers(0, 999_999_999),
)
bodies_10 = st.integers(0, 999_999_999).map(lambda number: f"{number:09d}")


@pytest.mark.parametrize(
    ("written", "isbn13"),
    [
        ("9780439023481", "9780439023481"),
        ("978-0-439-02348-1", "9780439023481"),
        ("978 0 439 02348 1", "9780439023481"),
        ("  0-439-02348-3 ", "9780439023481"),
        ("0439023483", "9780439023481"),
        ("080442957X", "9780804429573"),
        ("0-8044-2957-x", "9780804429573"),
        ("ISBN 978\u20110\u2011439\u201102348\u20111", "9780439023481"),
        ("ISBN-13: 9780439023481", "9780439023481"),
        ("979-10-90636-07-1", "9791090636071"),
    ],
)
def test_an_isbn_is_read_however_it_is_written(written: str, isbn13: str) -> None:
    assert parse(written) == isbn13
    assert find(written) == isbn13


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "978043902348",  # too short
        "97804390234811",  # too long
        "9780439023482",  # check digit
        "0439023484",  # check digit
        "4006381333931",  # an article number that is no book
        "978--0439023481",  # two hyphens in a row
        "-9780439023481",
        "9780439O23481",  # a letter
        "X439023483",
        "978043902348X",
        "٩٧٨٠٤٣٩٠٢٣٤٨١",  # digits of another script
        "9780439023481\x00",
        "9" * 5000,
    ],
)
def test_what_is_no_isbn_is_refused(text: str) -> None:
    with pytest.raises(InvalidIsbn):
        parse(text)
    assert find(text) is None


@given(bodies_13)
def test_a_wrong_check_digit_is_always_found(body: str) -> None:
    right = check_digit_13(body)
    assert parse(body + right) == body + right
    for wrong in set("0123456789") - {right}:
        assert find(body + wrong) is None


@given(bodies_13, st.integers(0, 11))
def test_a_mistyped_digit_is_always_found(body: str, place: int) -> None:
    number = body + check_digit_13(body)
    for digit in set("0123456789") - {number[place]}:
        assert find(number[:place] + digit + number[place + 1 :]) is None


@given(bodies_10)
def test_ten_digits_become_thirteen(body: str) -> None:
    longer = "978" + body
    assert parse(body + check_digit_10(body)) == longer + check_digit_13(longer)


@given(bodies_10)
def test_a_wrong_check_digit_of_ten_is_always_found(body: str) -> None:
    for wrong in set("0123456789X") - {check_digit_10(body)}:
        assert find(body + wrong) is None


@given(st.text(max_size=60))
def test_reading_gives_thirteen_digits_or_nothing(text: str) -> None:
    number = find(text)
    assert number is None or (len(number) == 13 and number.isdigit() and find(number) == number)
