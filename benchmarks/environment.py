"""What the measured programs are told: secrets made for this run, limits that let load through."""

from __future__ import annotations

import os
import secrets

from benchmarks.contenders import THREADS

PASSWORD = "wolke-9-lesen-bench"  # noqa: S105  (of invented readers, in a database of the benchmark)
_SECRET = secrets.token_urlsafe(50)
_SIGNING_KEY = secrets.token_urlsafe(32)


def own_variables(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """The environment of BookBridge: all that is on in production, the limits lifted."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PGSSLMODE": os.environ.get("PGSSLMODE", "disable"),
        "DJANGO_SETTINGS_MODULE": "bookbridge.settings.dev",
        "DJANGO_SECRET_KEY": _SECRET,
        "JWT_SIGNING_KEYS": _SIGNING_KEY,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DEMO_ADMIN_PASSWORD": PASSWORD,
        "DEMO_READER_PASSWORD": PASSWORD,
        "RATE_LIMIT_FACTOR": "1000000",
        "ACCESS_TOKEN_SECONDS": "86400",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": str(THREADS),
        "OPENLIBRARY_URL": "",
        "ERASURE_LEDGER": "var/bench/erasures.log",
        "DEMO": "0",
        **more,
    }
