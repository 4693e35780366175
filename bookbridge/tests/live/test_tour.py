"""The README's tour works when its lines are pasted into a shell, one after the other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bookbridge.tests.live.server import ROOT, Server


def tour() -> str:
    """The shell lines between the marks of the tour."""
    text = (ROOT / "README.md").read_text()
    section = text.split("<!-- tour -->")[1].split("<!-- end of tour -->")[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    assert lines.count("curl") >= 7
    return lines


def test_the_tour_of_the_readme_shows_the_review_in_the_statistics(
    server: Server, tmp_path: Path
) -> None:
    owner = server.register("librarian")
    book = {
        "title": "Dom Casmurro",
        "authors": ["Machado de Assis"],
        "isbns": ["9780850515039"],
        "published_year": 1899,
    }
    assert server.api("POST", "books/", book, token=owner).status == 201
    lines = tour().replace("http://127.0.0.1:8000", server.url)
    done = subprocess.run(
        ["bash", "-eu"],
        input=lines,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert '"code"' not in done.stdout, done.stdout
    assert '"rating":4.5' in done.stdout.replace(" ", "")
    assert '"4.5":1' in done.stdout.replace(" ", "")
