"""The command that measures the search for books."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clubs.books.tests.factories import BookFactory

pytestmark = pytest.mark.django_db


def answer(*arguments: str) -> str:
    output = StringIO()
    call_command("measure_search", *arguments, stdout=output)
    return output.getvalue()


def test_it_says_what_each_search_costs() -> None:
    BookFactory(title="The Silent Harbour")
    rows = json.loads(answer("--json", "--rounds", "1"))
    found = {row["search"]: row["found"] for row in rows}
    assert found["a title"] == 1
    assert found["nothing"] == 0
    assert all(row["ms"] > 0 for row in rows)
    if connection.vendor == "postgresql":
        assert sum(row["pages"] for row in rows) > 0


def test_it_prints_a_table_of_the_texts_given() -> None:
    lines = answer("--rounds", "1", "emma", "9780439023481").splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["emma", "9780439023481"]


def test_it_refuses_no_rounds() -> None:
    with pytest.raises(CommandError):
        answer("--rounds", "0")
