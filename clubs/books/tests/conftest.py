"""What tests of books share: a small Open Library."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from clubs.books.openlibrary import _pool
from clubs.books.tests.open_library import OpenLibrary, open_library


@pytest.fixture
def library(settings: Settings) -> Iterator[OpenLibrary]:
    """An Open Library that knows nothing until it is told."""
    with open_library() as server:
        settings.OPENLIBRARY_URL, settings.OPENLIBRARY_TIMEOUT = server.url, 2
        yield server
    _pool().clear()
