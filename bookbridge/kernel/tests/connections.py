"""What tests of the connection do to it from outside."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection


def elsewhere(sql: str, *values: Any) -> None:
    """Execute a statement on another connection."""
    wanted = connection.get_connection_params()
    own = {name: wanted[name] for name in ("dbname", "user", "host", "port") if wanted.get(name)}
    own |= {"password": wanted["password"]} if wanted.get("password") else {}
    with psycopg.connect(**own, autocommit=True) as other:
        other.execute(sql, values)


def terminate(pid: int) -> None:
    """Have the server end one of its processes."""
    elsewhere("SELECT pg_terminate_backend(%s, 30000)", pid)
