"""Measures the search for books: how long it takes, and how much of the database it reads."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from bookbridge.kernel.pagination import ranked_page
from clubs.books.models import Book
from clubs.books.search import search_books
from clubs.books.shapes import book_summary_shape

#: What is searched for, by what it is an example of; `seed_demo --books` has words for each.
SEARCHES = {
    "a title": "the silent harbour",
    "a beginning": "casm",
    "a word in most books": "the",
    "a word in many books": "library",
    "two words, one in most books": "the library",
    "two words in many books": "library river",
    "four words": "the library of lisbon",
    "a given name": "rafael",
    "an author and a word": "machado casmurro",
    "a typing error": "lighthuose",
    "typing errors in a title": "the lbrary of lisbn",
    "a typing error in an author": "machdo de asis",
    "nothing": "xyzzy plugh qwertz",
    "nothing beside a word in most books": "the zzyzx",
    "a number that nobody has": "9780439023481",
    "one letter": "t",
    "two letters": "ga",
    "ten letters": "a b c d e f g h i j",
    "ten words in most books": "a an the of for and in to all by",
    "what looks like many words": "ther",
    "ten typing errors": "librari rivre lakke stoen shadwo voiec miror machien leter musem",
    "signs of query languages": "AND | & ! ( ) :* <-> the %",
    "one long word": "a" * 2_000,
}
COLUMNS = (
    "search", "found", "ms", "least ms", "statements", "ms in the database", "pages", "rows read",
)  # fmt: skip


class Command(BaseCommand):
    """`manage.py measure_search [--rounds N] [--json] [TEXT ...]`"""

    help = "Search the catalogue in many ways and say what each costs, as a table in Markdown."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("texts", nargs="*", metavar="TEXT", help="search for these instead")
        parser.add_argument("--rounds", type=int, default=5, help="times each; the median counts")
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print; reads only."""
        if options["rounds"] < 1:
            raise CommandError("--rounds is 1 or more.")
        searches = {text: text for text in options["texts"]} or SEARCHES
        rows = [
            dict(zip(COLUMNS, (name, *measured(text, options["rounds"])), strict=True))
            for name, text in tqdm(searches.items(), desc="Searches", disable=None, leave=False)
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=1))
            return
        self.stdout.write(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
        for row in rows:
            self.stdout.write(f"| {' | '.join(map(str, row.values()))} |")


def first_page(text: str) -> int:
    """How many books the first page of a search has."""
    found = search_books(Book.objects.all(), text)
    page = ranked_page(found, book_summary_shape, size=20, cursor=None, scope="")
    return len(page.rows)


def measured(text: str, rounds: int) -> tuple[int, float, float, int, float, int, int]:
    """What the columns but the first say of one search."""
    asked: list[tuple[str, Any]] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with ExitStack() as noting:
        noting.enter_context(connection.execute_wrapper(noted))
        found = first_page(text)
    times = []
    for _round in range(rounds):
        begun = perf_counter()
        first_page(text)
        times.append((perf_counter() - begun) * 1_000)
    explained = [_explained(sql, params) for sql, params in asked]  # each once more, by itself
    database, pages, read = map(sum, zip(*explained, strict=True)) if explained else (0.0, 0, 0)
    took = round(median(times), 1), round(min(times), 1)
    return found, *took, len(asked), round(database, 1), int(pages), int(read)


def _explained(sql: str, params: Any) -> tuple[float, int, int]:
    """Milliseconds, pages touched, and rows that were looked at; zeros on SQLite."""
    if connection.vendor != "postgresql":
        return 0.0, 0, 0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    (answer,) = json.loads(found) if isinstance(found, str) else found
    plan = answer["Plan"]
    pages = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
    return answer["Execution Time"], pages, _rows_read(plan)


def _rows_read(plan: dict[str, Any]) -> int:
    """Rows that the scans of a plan gave, and those that they threw away."""
    below = sum(map(_rows_read, plan.get("Plans", ())))
    if "Scan" not in plan["Node Type"]:
        return below
    rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    rows += plan.get("Rows Removed by Index Recheck", 0)
    return int(rows * plan["Actual Loops"]) + below
