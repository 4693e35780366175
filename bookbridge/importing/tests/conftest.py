"""Writing small files and importing them."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

SUM = re.compile(r"(\d+) imported \+ (\d+) merged \+ (\d+) repaired \+ (\d+) refused = (\d+) rows")

GOODBOOKS = (
    "book_id,goodreads_book_id,isbn,isbn13,authors,original_publication_year,title,"
    "language_code,image_url\n"
)
BOOKCROSSING = "ISBN,Book-Title,Book-Author,Year-Of-Publication,Book-Publisher\n"


class Importer:
    """Runs one command on a text and keeps what it said: four numbers, and the report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = folder / "report.csv"

    def write(self, text: str | bytes, *, packed: bool = False) -> Path:
        """A file of this text."""
        octets = text.encode() if isinstance(text, str) else text
        path = self.folder / ("file.csv.gz" if packed else "file.csv")
        path.write_bytes(gzip.compress(octets) if packed else octets)
        return path

    def __call__(
        self, command: str, text: str | bytes, *options: str, packed: bool = False
    ) -> tuple[int, ...]:
        """What the summary says: imported, merged, repaired, refused."""
        path, output = self.write(text, packed=packed), StringIO()
        call_command(command, str(path), "--report", str(self.report), *options, stdout=output)
        found = SUM.search(output.getvalue())
        assert found, output.getvalue()
        *parts, rows = map(int, found.groups())
        assert sum(parts) == rows
        return tuple(parts)

    def reasons(self, outcome: str | None = None) -> list[tuple[int, str]]:
        """Lines and reasons of the report."""
        with self.report.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            (int(row["line"]), row["reason"]) for row in rows if outcome in (None, row["outcome"])
        ]


@pytest.fixture
def importer(tmp_path: Path) -> Callable[..., tuple[int, ...]]:
    """Imports texts."""
    return Importer(tmp_path)
