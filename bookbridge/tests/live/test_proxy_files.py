"""What nginx serves and writes itself: static files, and a log without secrets.

Needs nginx (`apt-get install nginx-light`), and runs in `make check-long`.
"""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from bookbridge.tests.live.proxy import SECRET, Proxy, assert_problem

pytestmark = [pytest.mark.slow, pytest.mark.proxy]


@pytest.fixture(scope="module")
def files(front: Proxy) -> Path:
    """Static files as `collectstatic` leaves them."""
    folder = front.folder / "static"
    (folder / "admin").mkdir()
    (folder / "admin" / "base.0123456789ab.css").write_text("a{}")
    (folder / "admin" / "base.0123456789ab.css.gz").write_bytes(gzip.compress(b"a{}"))
    (folder / "plain.js").write_text("1")
    return folder


class TestLog:
    """The log tells of every request and keeps every secret."""

    def test_no_secrets(self, front: Proxy) -> None:
        for path in (
            f"/api/v1/invitations/{SECRET}/",
            f"/API/v1/Invitations/{SECRET}/",
            f"//api/v1/invitations/{SECRET}/",
            f"/api/v1/./invitations/{SECRET}/",
            f"/x/../api/v1/invitations/{SECRET}/",
            f"/api/v1/%69nvitations/{SECRET}/",
            f"/calendar/{SECRET}.ics",
            f"/api/v1/books/?search={SECRET}",
            f"/api/v1/invitations/{SECRET}/" + "x" * 9000,
        ):
            front.send("GET", path)
        front.raw(f"GARBAGE {SECRET}\r\n\r\n".encode())
        front.send("GET", "/api/v1/books/4711/?search=secret", X_Request_ID="to-be-found")
        time.sleep(0.3)
        log = front.log()
        assert SECRET not in log
        lines = [json.loads(line) for line in log.splitlines()]
        (line,) = [line for line in lines if line["request_id"] == "to-be-found"]
        assert (line["path"], line["status"]) == ("/api/v1/books/4711/", 404)
        assert line["address"] == "127.0.0.1"
        assert "/api/v1/invitations/(secret)" in {line["path"] for line in lines}


class TestStatic:
    """Static files come from nginx."""

    def test_files(self, front: Proxy, files: Path) -> None:
        hashed = front.send("GET", "/static/admin/base.0123456789ab.css", Accept_Encoding="gzip")
        assert gzip.decompress(hashed.body) == b"a{}"
        assert hashed.headers["Content-Type"] == "text/css"
        assert "immutable" in hashed.headers["Cache-Control"]
        plain = front.send("GET", "/static/plain.js")
        assert plain.body == b"1"
        assert plain.headers["Cache-Control"] == "public, max-age=300"
        for answer in (hashed, plain):
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize(
        "path",
        [
            "/static/nothing.css",
            "/static/",
            "/static/admin/",
            "/static/../nginx/nginx.conf",
            "/static../nginx/nginx.conf",
            "/static/%2e%2e/nginx/nginx.conf",
            "/static/admin/nothing.0123456789ab.css",
        ],
    )
    def test_what_is_not_there(self, front: Proxy, files: Path, path: str) -> None:
        assert_problem(front.send("GET", path), 404, "not_found")

    def test_nothing_is_written(self, front: Proxy, files: Path) -> None:
        assert front.send("PUT", "/static/plain.js", b"2").status == 404
        assert (files / "plain.js").read_text() == "1"
