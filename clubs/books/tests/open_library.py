"""A small Open Library on the loopback interface, with good and bad days."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HUNGER_GAMES = "9780439023481"

RECORD: dict[str, Any] = {
    "url": "https://openlibrary.org/books/OL9245920M/The_Hunger_Games",
    "key": "/books/OL9245920M",
    "title": "The Hunger Games",
    "subtitle": "Book one",
    "authors": [{"url": "https://openlibrary.org/authors/OL1A", "name": "Suzanne Collins"}],
    "number_of_pages": 374,
    "identifiers": {"goodreads": ["2767052"], "isbn_13": [HUNGER_GAMES]},
    "publish_date": "October 2008",
    "cover": {"large": "https://covers.openlibrary.org/b/id/12646537-L.jpg"},
}


class OpenLibrary(ThreadingHTTPServer):
    """Answers with `status` and `body`, or as `mood` says; keeps the addresses asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.mood, self.fails = 200, "", 0
        self.body: bytes | None = None
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answers(self, value: Any) -> None:
        """Let it answer with this JSON."""
        self.body = json.dumps(value).encode()

    def knows(self, isbn: str = HUNGER_GAMES, **changes: Any) -> None:
        """Let it know one book."""
        self.answers({f"ISBN:{isbn}": RECORD | changes})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: OpenLibrary

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)
        if server.mood == "silent":
            server.over.wait(10)
            return
        if server.mood == "trickling":
            self.trickle()
            return
        if server.mood == "hangs up":
            return
        status = 503 if len(server.asked) <= server.fails else server.status
        body = server.body if server.body is not None else b"{}"
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", f"{server.url}/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def trickle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while not self.server.over.is_set():
            self.wfile.write(b" ")
            time.sleep(0.05)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def open_library() -> Iterator[OpenLibrary]:
    """A server that runs until the block ends."""
    server = OpenLibrary()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
