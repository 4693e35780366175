"""The server that pages are looked at on: with its static files collected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bookbridge.tests.live.server import ROOT, Server, fresh_database, running


def collected_static_files() -> None:
    """Collect the static files, as `make run` does."""
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bookbridge.settings.dev",
            "DJANGO_SECRET_KEY": "x" * 50,
            "JWT_SIGNING_KEYS": "a" * 43,
            "SEALING_KEYS": "a" * 43,
            "RETIRED_NAME_KEYS": "k" * 43,
        },
        check=True,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with its static files collected."""
    folder = tmp_path_factory.mktemp("pages")
    collected_static_files()
    with fresh_database(folder) as url, running(folder, url) as started:
        yield started
