"""A client that was generated from the schema does the main job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bookbridge.tests.live.server import PASSWORD, ROOT, Server

#: Runs apart, where the generated package is: sign in, found a club, review a book.
SCRIPT = """
import sys
from book_bridge_client import AuthenticatedClient, Client
from book_bridge_client.api.auth import auth_register_create, auth_token_sign_in
from book_bridge_client.api.books import books_create
from book_bridge_client.api.clubs import clubs_create
from book_bridge_client.api.reviews import reviews_create
from book_bridge_client.models import (
    NewBookInput, NewClubInput, RegisterInput, ReviewInput, SignInInput,
)

url, password = sys.argv[1:]
client = Client(base_url=url, raise_on_unexpected_status=True)
reader = RegisterInput(username="robot", email="robot@example.org", password=password)
assert auth_register_create.sync_detailed(client=client, body=reader).status_code == 201
pair = auth_token_sign_in.sync(
    client=client, body=SignInInput(login="robot", password=password)
)
signed_in = AuthenticatedClient(base_url=url, token=pair.access, raise_on_unexpected_status=True)
club = clubs_create.sync(client=signed_in, body=NewClubInput(name="Robots who read"))
assert club.my_role == "owner", club
book = books_create.sync(
    client=signed_in, body=NewBookInput(title="R.U.R.", authors=["Karel Čapek"])
)
review = reviews_create.sync(
    client=signed_in, body=ReviewInput(book=book.id, rating=4.5, text="Close to home.")
)
assert review.rating == 4.5 and review.author.username == "robot", review
print("generated client:", club.slug, review.id)
"""


def test_a_generated_client_signs_in_founds_a_club_and_reviews_a_book(
    server: Server, tmp_path: Path
) -> None:
    generator = Path(sys.executable).parent / "openapi-python-client"
    target = tmp_path / "client"
    # The generator knows no pictures: their bytes come as they are.
    config = tmp_path / "config.yaml"
    config.write_text("content_type_overrides: {image/svg+xml: application/octet-stream}\n")
    subprocess.run(
        [
            generator,
            "generate",
            "--path",
            ROOT / "docs" / "openapi.yaml",
            "--output-path",
            target,
            "--meta",
            "none",
            "--config",
            config,
            "--fail-on-warning",
        ],
        env={**os.environ, "PATH": f"{generator.parent}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    target.rename(tmp_path / "book_bridge_client")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, server.url, PASSWORD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "robots-who-read" in done.stdout
