"""Slow and greedy clients before nginx: the others are served as if they were not there.

Needs nginx (`apt-get install nginx-light`), and runs in `make check-long`.
"""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from bookbridge.tests.live.proxy import Proxy, assert_problem

pytestmark = [pytest.mark.slow, pytest.mark.proxy]


class TestSlowClients:
    """Who is slow waits in nginx; everybody else is served as if they were not there."""

    def test_two_hundred_slow_connections(self, front: Proxy) -> None:
        stopped = threading.Event()
        with ExitStack() as stack:
            slow = [stack.enter_context(front.connect("127.0.0.2")) for _ in range(200)]
            for number, connection in enumerate(slow):
                if number % 2:
                    connection.sendall(b"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: localhost\r\n")
                    connection.sendall(b"Content-Length: 1000\r\n\r\n{")
                else:
                    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

            def trickle() -> None:
                while not stopped.wait(1):
                    for connection in slow:
                        with suppress(OSError):
                            connection.sendall(b"x")

            thread = threading.Thread(target=trickle)
            thread.start()
            seconds = []
            try:
                deadline = time.monotonic() + 8
                while time.monotonic() < deadline:
                    began = time.monotonic()
                    assert front.api("GET", "books/").status == 200
                    seconds.append(time.monotonic() - began)
                    time.sleep(0.05)
            finally:
                stopped.set()
                thread.join()
            seconds.sort()
            assert seconds[int(len(seconds) * 0.95)] < 0.25, seconds[-10:]
            # Whoever had not sent a whole header within five seconds is gone.
            assert all(is_closed(connection) for connection in slow[::2])

    def test_a_body_that_stops_coming_ends(self, front: Proxy) -> None:
        with front.connect() as connection:
            connection.sendall(b"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: localhost\r\n")
            connection.sendall(b"Content-Length: 1000\r\n\r\n{")
            began = time.monotonic()
            with suppress(ConnectionResetError):
                assert b" 200 " not in connection.recv(4096)
            assert 4 < time.monotonic() - began < 8

    def test_connections_of_one_address_are_counted(self, front: Proxy) -> None:
        with ExitStack() as stack:
            for _ in range(100):
                held = stack.enter_context(front.connect("127.0.0.3"))
                held.sendall(
                    b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
                )
            time.sleep(0.5)
            refused = front.send("GET", "/livez", source="127.0.0.3")
            assert_problem(refused, 429, "too_many_requests")
            assert int(refused.headers["Retry-After"]) > 0
            assert front.send("GET", "/livez", source="127.0.0.5").status == 200

    def test_requests_of_one_address_are_counted(self, front: Proxy) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: front.send("GET", "/livez", source="127.0.0.4"), range(500))
            )
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {200, 429}
        assert statuses.count(200) >= 200
        assert_problem(answers[statuses.index(429)], 429, "too_many_requests")
        assert front.send("GET", "/livez").status == 200


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(1)
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
