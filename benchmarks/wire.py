"""A proxy in front of PostgreSQL that counts what a contender asks, and how long the answers take.

It reads the protocol as it passes: every statement that is executed counts, whichever driver
sent it and however it was prepared. It stands there while requests are checked, never while the
load is measured.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: What is sent for the sake of the connection or the transaction, not of the answer.
OVERHEAD = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|RESET|SHOW|DISCARD|DEALLOCATE|UNLISTEN|"
    r"CLOSE|START|SELECT 1\s*$|SELECT pg_advisory_unlock_all|SELECT set_config|select pg_catalog|"
    r"SELECT NULL|;|$)",
    re.IGNORECASE,
)
#: Requests for encryption, which nobody sends with PGSSLMODE=disable, and cancellations.
STARTUP_CODES = {80877102, 80877103, 80877104}


@dataclass
class Tally:
    """What passed since `clear`: statements in order, round trips, seconds of the database."""

    statements: list[str] = field(default_factory=list)
    overhead: list[str] = field(default_factory=list)
    trips: int = 0
    seconds: float = 0.0

    def clear(self) -> None:
        """Begin anew."""
        self.statements.clear()
        self.overhead.clear()
        self.trips, self.seconds = 0, 0.0

    def executed(self, text: str) -> None:
        """Count one statement."""
        (self.overhead if OVERHEAD.match(text) else self.statements).append(text)


class Conversation:
    """One connection, understood as it passes."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.started = False
        self.prepared: dict[bytes, str] = {}
        self.portals: dict[bytes, str] = {}
        self.since: float | None = None
        self._asked, self._answered = b"", b""

    def asked(self, data: bytes) -> None:
        """Take what the client sent."""
        self._asked += data
        while message := self._next_question():
            self._understand(*message)

    def answered(self, data: bytes) -> None:
        """Take what the server sent."""
        self._answered += data
        while len(self._answered) >= 5:
            kind, length = struct.unpack("!cI", self._answered[:5])
            if len(self._answered) < length + 1:
                return
            self._answered = self._answered[length + 1 :]
            if kind == b"Z" and self.since is not None:
                self.tally.seconds += time.perf_counter() - self.since
                self.since = None

    def _next_question(self) -> tuple[bytes, bytes] | None:
        if not self.started:
            if len(self._asked) < 8:
                return None
            length, code = struct.unpack("!II", self._asked[:8])
            if len(self._asked) < length:
                return None
            self._asked = self._asked[length:]
            self.started = code not in STARTUP_CODES
            return (b"-", b"")
        if len(self._asked) < 5:
            return None
        kind, length = struct.unpack("!cI", self._asked[:5])
        if len(self._asked) < length + 1:
            return None
        body, self._asked = self._asked[5 : length + 1], self._asked[length + 1 :]
        return kind, body

    def _understand(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            name, text, _rest = body.split(b"\0", 2)
            self.prepared[name] = text.decode(errors="replace")
        elif kind == b"B":
            portal, name, _rest = body.split(b"\0", 2)
            self.portals[portal] = self.prepared.get(name, "?")
        elif kind == b"E":
            self.tally.executed(self.portals.get(body.split(b"\0", 1)[0], "?"))
        elif kind == b"Q":
            self.tally.executed(body.rstrip(b"\0").decode(errors="replace"))
        if kind in (b"Q", b"S"):
            self.tally.trips += 1
            self.since = self.since or time.perf_counter()


@contextmanager
def counting(database_url: str) -> Iterator[tuple[str, Tally]]:
    """The URL of the same database through the proxy, and what passes there."""
    parts = urlsplit(database_url)
    there = (parts.hostname or "127.0.0.1", parts.port or 5432)
    tally = Tally()
    listener = socket.create_server(("127.0.0.1", 0))
    user = parts.netloc.rpartition("@")[0]
    netloc = f"{user}@127.0.0.1:{listener.getsockname()[1]}" if user else "127.0.0.1"
    accepting = threading.Thread(target=_accept, args=(listener, there, tally), daemon=True)
    accepting.start()
    try:
        yield parts._replace(netloc=netloc).geturl(), tally
    finally:
        listener.close()


def _accept(listener: socket.socket, there: tuple[str, int], tally: Tally) -> None:
    while True:
        try:
            client, _address = listener.accept()
        except OSError:
            return
        server = socket.create_connection(there)
        conversation = Conversation(tally)
        for source, target, listen in (
            (client, server, conversation.asked),
            (server, client, conversation.answered),
        ):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pass, args=(source, target, listen), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, listen: object) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if callable(listen):
                listen(data)
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
