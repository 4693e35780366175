"""`python -m bookbridge.alive`: whether the server of this machine answers, for health checks.

Asks `/livez` at BIND, under a host name that ALLOWED_HOSTS lets in. Without Django, because it
runs every few seconds. Exit code 0 or 1.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Mapping

SECONDS = 3
ANY_ADDRESS = {"", "0.0.0.0", "[::]"}  # noqa: S104 - recognised here, not listened on


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system, whose path is the host."""

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def connection_to(bind: str) -> http.client.HTTPConnection:
    """A connection to the address that the server listens at."""
    if bind.startswith("unix:"):
        return _UnixConnection(bind.removeprefix("unix:"), 80, timeout=SECONDS)
    host, _, port = bind.rpartition(":")
    name = "127.0.0.1" if host in ANY_ADDRESS else host.strip("[]")
    return http.client.HTTPConnection(name, int(port), timeout=SECONDS)


def answers(environment: Mapping[str, str]) -> str:
    """Empty when the server answers, else why not."""
    hosts = environment.get("ALLOWED_HOSTS") or "localhost"
    host = hosts.split(",")[0].strip().lstrip(".")
    connection = connection_to(environment.get("BIND") or "127.0.0.1:8000")
    try:
        connection.request("GET", "/livez", headers={"Host": host})
        status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"status {status}"


if __name__ == "__main__":
    fault = answers(os.environ)
    sys.exit(fault or 0)
