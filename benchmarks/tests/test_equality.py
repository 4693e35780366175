"""When two contenders say, and store, the same."""

from __future__ import annotations

import pytest

from benchmarks import equality
from benchmarks.contenders import cursors, statements
from benchmarks.equality import Different, likeness
from benchmarks.wire import Conversation, Tally


def test_the_same_bytes_are_identical_but_for_when_they_were_made() -> None:
    one = b'{"n":1,"generated_at":"2026-11-21T10:00:00Z"}'
    other = b'{"n":1,"generated_at":"2026-11-21T10:00:03.5Z"}\n'
    assert likeness(one, other) == equality.IDENTICAL


def test_other_cursors_and_other_bytes_are_told() -> None:
    assert likeness(b'{"next":"?cursor=a.b"}', b'{"next":"?cursor=c.d"}') == (
        equality.SAME_BUT_CURSORS
    )
    assert likeness(b'{"a":1,"b":2}', b'{"b": 2, "a": 1}') == equality.SAME_JSON
    assert equality.weakest([equality.IDENTICAL, equality.SAME_JSON]) == equality.SAME_JSON


def test_a_difference_is_shown_where_it_is() -> None:
    with pytest.raises(Different, match="at byte 5"):
        likeness(b'{"a":1}', b'{"a":2}')
    with pytest.raises(Different, match="not JSON"):
        likeness(b'{"a":1}', b"<html>")


def test_rows_are_compared_without_their_keys() -> None:
    row = {"id": 7, "book_id": 8, "created_at": "2026", "hidden_at": None, "rating": 9}
    row |= {"body": '{"id":7,"book":{"id":8},"rating":4.5}', "location": "http://h/reviews/7/"}
    assert equality.masked(row) == {
        "id": "#", "book_id": "#", "created_at": "#", "hidden_at": None, "rating": 9,
        "body": {"id": "#", "book": "#", "rating": 4.5}, "location": "http://h/reviews/#/",
    }  # fmt: skip


def test_a_changed_row_shows_its_steps() -> None:
    old = {"id": 1, "rating_count": 4, "mean": 3.5, "title": "T", "hidden": False}
    new = old | {"rating_count": 5, "mean": 3.6}
    assert equality.changed(old, new) == {"": "changed", "rating_count": 1, "mean": "changed"}


def test_statements_are_counted_in_the_wire_protocol() -> None:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    tally = Tally()
    talk = Conversation(tally)
    talk.asked((12).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"\0\0\0\0")
    prepared = message(b"P", b"s1\0SELECT a\0\0\0") + message(b"B", b"\0s1\0\0\0")
    asked = prepared + message(b"E", b"\0\0\0\0\0") + message(b"S", b"")
    for byte in asked:  # however the network cuts it
        talk.asked(bytes([byte]))
    talk.answered(message(b"Z", b"I"))
    talk.asked(message(b"Q", b"BEGIN\0") + message(b"Q", b"SELECT 1\0"))
    talk.asked(message(b"B", b"\0s1\0\0\0") + message(b"E", b"\0\0\0\0\0") + message(b"S", b""))
    assert tally.statements == ["SELECT a", "SELECT a"]
    assert tally.overhead == ["BEGIN", "SELECT 1"]
    assert tally.trips == 4
    assert tally.seconds > 0


def test_statements_are_numbered_for_asyncpg() -> None:
    text, names = statements.numbered("SELECT %(a)s, %(b)s, %(a)s")
    assert (text, names) == ("SELECT $1, $2, $1", ("a", "b"))


def test_cursors_are_those_of_their_list_alone() -> None:
    scope = cursors.scope_of("/l/", [("search", "x"), ("page_size", "20")], 7)
    assert scope == cursors.scope_of("/l/", [("search", "x")], 7)
    text = cursors.encode("n", [3], scope)
    assert cursors.decode(text, scope) == ("n", [3])
    for wrong in (text[:-1], f"{text[:-1]}!", "x"):
        with pytest.raises(ValueError):  # noqa: PT011  (BadCursor is one)
            cursors.decode(wrong, scope)
    with pytest.raises(cursors.BadCursor):
        cursors.decode(text, cursors.scope_of("/l/", [], 7))
