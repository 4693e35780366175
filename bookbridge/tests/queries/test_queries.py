"""Every list and detail takes as many statements as `docs/queries.md` says, however many rows.

`make queries` writes the table anew; look at what changed before you commit it.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bookbridge.documents import document
from bookbridge.environment import BASE_DIR
from bookbridge.testing import BASE, ApiClient
from bookbridge.tests.queries.world import World, build, path_of

pytestmark = pytest.mark.django_db

PAGE = BASE_DIR / "docs" / "queries.md"
HEAD = """# Statements per request

How many SQL statements each GET of the API takes, with one row and with twenty rows of \
everything that it shows; a test holds the code to this table, and `make queries` writes it anew. \
"Visitor" has no account; a signed-in reader costs one statement more, which asks whether session \
and account still count. Two numbers with an arrow are the first answer and those that follow: \
statistics are kept for a few seconds. A dash: not for visitors.

| route | visitor, 1 row | visitor, 20 rows | signed in, 1 row | signed in, 20 rows |
|---|---|---|---|---|
"""
CLOSED = "–"


def routes() -> list[str]:
    """All GET routes of the schema."""
    paths = document()["paths"].items()
    return sorted(
        path.removeprefix(BASE)
        for path, methods in paths
        if "get" in methods and path.startswith(BASE)
    )


def measured(route: str, world: World, client: ApiClient) -> str:
    """The statements of the first answer and, where they differ, of the second."""
    cache.clear()
    numbers = []
    for _attempt in range(2):
        with CaptureQueriesContext(connection) as asked:
            response = client.get(path_of(route, world))
        if response.status_code in (401, 403):
            return CLOSED
        assert response.status_code == 200, (route, response.status_code, response.content)
        numbers.append(len(asked))
    first, second = numbers
    return str(first) if first == second else f"{first} → {second}"


def column(rows: int) -> dict[str, tuple[str, str]]:
    """For each route what a visitor and the reader cost, in a world with so many rows."""
    world = build(rows)
    visitor, reader = ApiClient(), ApiClient(world.reader)
    return {
        route: (measured(route, world, visitor), measured(route, world, reader))
        for route in routes()
    }


@pytest.fixture
def table() -> dict[str, tuple[str, str, str, str]]:
    """All that is measured: visitor with 1 and 20 rows, reader with 1 and 20 rows."""
    with transaction.atomic():
        one = column(1)
        transaction.set_rollback(True)
    twenty = column(20)
    return {
        route: (one[route][0], twenty[route][0], one[route][1], twenty[route][1]) for route in one
    }


def page(table: dict[str, Any]) -> str:
    """The page of the documents."""
    lines = (f"| `{route}` | {' | '.join(numbers)} |\n" for route, numbers in table.items())
    return HEAD + "".join(lines)


def test_the_table_is_the_one_of_the_code_and_does_not_grow_with_rows(
    table: dict[str, tuple[str, str, str, str]],
) -> None:
    if os.environ.get("WRITE_QUERIES"):
        PAGE.write_text(page(table), encoding="utf-8")
    growing = [
        f"{route}: {numbers}"
        for route, numbers in table.items()
        if numbers[0] != numbers[1] or numbers[2] != numbers[3]
    ]
    assert growing == []
    assert PAGE.read_text(encoding="utf-8") == page(table)
