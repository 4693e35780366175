"""An import whose process is killed between two batches, and one beside another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection, connections

from bookbridge.importing.command import LOCK
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.models import Book, BookSource
from reviews.models import Review
from reviews.recount import recount_books

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

BOOKS, READERS, BATCHES = 12, 40, 5
#: The real command, which dies without a word after so many batches.
KILLED = """
import os, signal, sys
import django
django.setup()
from bookbridge.importing import ratings
ratings.WRITTEN_AT_ONCE = 50
publish, done = ratings.publish_from, []
def publish_and_die(*args, **kwargs):
    if len(done) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(publish(*args, **kwargs))
    return done[-1]
ratings.publish_from = publish_and_die
from django.core.management import call_command
call_command("import_ratings", sys.argv[1], "--report", sys.argv[2], verbosity=0)
"""


def address_of_database() -> str:
    """The test database, as a variable of the environment."""
    at = connections["default"].settings_dict
    user = f"{at['USER']}:{at['PASSWORD']}" if at["PASSWORD"] else at["USER"]
    return f"postgres://{user}@{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"


def text() -> str:
    rows = [
        f"{book},{reader},{(book * reader) % 5 + 1}"
        for book in range(1, BOOKS + 1)
        for reader in range(1, READERS + 1)
    ]
    return "\n".join(["book_id,user_id,rating", *rows, "1,1,1", "1,2,5", ""])


def state() -> list[Any]:
    rows = Review.objects.order_by("author__username", "book__title")
    return [
        list(rows.values_list("author__username", "book__title", "rating", "undated", "version")),
        list(Book.objects.order_by("title").values_list("title", "rating_count", "rating_sum")),
    ]


@pytest.fixture
def books() -> None:
    for number in range(1, BOOKS + 1):
        book = BookFactory(title=f"Book {number:02}")
        BookSource.objects.create(book=book, source="goodbooks", key=str(number))


@pytest.mark.usefixtures("books")
def test_a_killed_import_is_continued_to_the_same_end(importer: Any, tmp_path: Any) -> None:
    path = importer.write(text())
    environment = os.environ | {
        "DATABASE_URL": address_of_database(),
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
    }
    command = [sys.executable, "-c", KILLED, str(path), str(tmp_path / "killed.csv")]
    for after in ("2", "1"):
        killed = subprocess.run(
            [*command, after], cwd=settings.BASE_DIR, env=environment, check=False, timeout=120
        )
        assert killed.returncode == -signal.SIGKILL
        assert 0 < Review.objects.count() < BOOKS * READERS
        assert recount_books() == []
        assert list(wrong_months()) == []
    there = Review.objects.count()
    rest = BOOKS * READERS - there
    assert importer("import_ratings", text()) == (rest, there + 2, 0, 0)
    assert recount_books() == []
    assert list(wrong_months()) == []
    continued = state()

    Review.objects.all().delete()
    recount_books(heal=True)
    assert importer("import_ratings", text()) == (BOOKS * READERS, 2, 0, 0)
    assert state() == continued


@pytest.mark.usefixtures("books")
def test_one_import_at_a_time(importer: Any) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="under way"):
            importer("import_ratings", text())
    finally:
        other.close()
