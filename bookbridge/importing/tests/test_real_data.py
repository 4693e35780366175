"""The data sets themselves, where BOOKBRIDGE_DATA says where they are."""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from bookbridge.importing.tests.conftest import SUM
from reviews.models import Review
from reviews.recount import recount_books

DATA = Path(os.environ.get("BOOKBRIDGE_DATA", "/nowhere"))
FILES = (
    ("import_books", "goodbooks/books.csv.gz", 10_000),
    ("import_ratings", "goodbooks/ratings.csv.gz", 981_756),
    ("import_books", "bookcrossing/BX-Books.csv.gz", 18_185),
    ("import_ratings", "bookcrossing/BX-Ratings.csv.gz", 204_164),
    ("import_openlibrary", "openlibrary/ol_dump_authors_sample.txt.gz", 34),
    ("import_openlibrary", "openlibrary/ol_dump_works_sample.txt.gz", 35),
    ("import_openlibrary", "openlibrary/ol_dump_editions_sample.txt.gz", 68),
)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.skipif(not DATA.is_dir(), reason="BOOKBRIDGE_DATA names no folder")
def test_the_data_sets_twice(tmp_path: Any) -> None:
    refused: dict[str, str] = {}
    for turn in (1, 2):
        before = Review.objects.count()
        for command, name, rows in FILES:
            output = StringIO()
            report = str(tmp_path / "report.csv")
            call_command(command, str(DATA / name), "--report", report, stdout=output)
            found = SUM.search(output.getvalue())
            assert found, output.getvalue()
            imported, merged, repaired, left, total = map(int, found.groups())
            assert imported + merged + repaired + left == total == rows
            assert left < rows / 200, output.getvalue()
            why = "".join(re.findall(r"refused: .*\n", output.getvalue()))
            assert refused.setdefault(name, why) == why
            if turn == 2:
                assert (imported, repaired) == (0, 0)
        assert recount_books() == []
    assert Review.objects.count() == before
