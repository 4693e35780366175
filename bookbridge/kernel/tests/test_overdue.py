"""Connections on which an answer is overdue are cut, and no others."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

from bookbridge.kernel.overdue import Watch


def wrapper(connected: socket.socket) -> Any:
    """A connection of Django's, as far as it is looked at."""
    protocol = SimpleNamespace(socket=connected.fileno())
    return SimpleNamespace(connection=SimpleNamespace(pgconn=protocol, closed=False))


def test_who_waits_for_a_silent_server_is_released() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(60)
        with Watch().at_most(0, wrapper(here)):
            assert here.recv(1) == b""


def test_what_ends_in_time_is_left_alone() -> None:
    watch = Watch()
    here, there = socket.socketpair()
    other, silent = socket.socketpair()
    with here, there, other, silent:
        with watch.at_most(60, wrapper(here)):
            pass
        other.settimeout(60)
        with watch.at_most(0, wrapper(other)):
            assert other.recv(1) == b""  # the thread has looked by now
        there.send(b"x")
        assert here.recv(1) == b"x"


def test_a_connection_without_a_socket_is_none_of_its_business() -> None:
    with Watch().at_most(0, SimpleNamespace(connection=object())):
        pass
