"""A mail server for tests: takes every mail for everybody and keeps it."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.policy import default


class PostOffice(socketserver.ThreadingTCPServer):
    """The mails it took are in `mails`; addresses in `refused` are refused with that code."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        self.mails: list[Message] = []
        self.refused: dict[str, int] = {}
        self.arrived = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Event()
        super().__init__(("127.0.0.1", port), _Counter)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def take(self, data: bytes) -> None:
        """Keep a mail."""
        self.mails.append(email.message_from_bytes(data, policy=default))
        self.arrived.release()


class _Counter(socketserver.StreamRequestHandler):
    """One conversation."""

    server: PostOffice

    def handle(self) -> None:
        """As much of SMTP as `smtplib` speaks."""
        self._say("220 ready")
        while line := self.rfile.readline(2000):
            word = line[:4].upper()
            if word == b"QUIT":
                return self._say("221 bye")
            if word == b"RCPT":
                address = line.decode().partition("<")[2].partition(">")[0]
                code = self.server.refused.get(address, 250)
                self._say(f"{code} {'ok' if code == 250 else 'no <' + address + '>'}")
            elif word == b"DATA":
                self._say("354 go on")
                self._take()
            else:
                self._say("250 ok")
        return None

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline(2000)) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server.asked.set()
        self.server.may_answer.wait(120)
        self.server.take(b"".join(lines))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def post_office(port: int = 0) -> Iterator[PostOffice]:
    """One that is open."""
    with PostOffice(port) as office:
        thread = threading.Thread(target=office.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield office
        finally:
            office.may_answer.set()
            office.shutdown()
            thread.join()
