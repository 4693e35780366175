"""Are the settings those of a server that may be left alone?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from django.conf import settings
from django.core import checks

from bookbridge.doctor.findings import Finding, Question
from bookbridge.environment import BASE_DIR
from bookbridge.management.refusal import is_production, settings_module

AREA = "settings"
SECRET_LENGTH = 50
DOTENV = BASE_DIR / ".env"


def essentials() -> Iterator[Finding]:
    """What every installation needs."""
    yield Finding(AREA, f"the settings are {settings_module()}")
    if len(settings.SECRET_KEY) < SECRET_LENGTH:
        yield Finding(
            AREA,
            f"DJANGO_SECRET_KEY is shorter than {SECRET_LENGTH} characters",
            "remove the line from .env and run `make setup`, which writes a random one",
        )
    else:
        yield Finding(AREA, "DJANGO_SECRET_KEY is long enough")
    if settings.DEBUG:
        yield Finding(
            AREA,
            "DEBUG is on: error pages show code and settings to everybody",
            "set DEBUG=0 in .env",
        )
    if settings.RATE_LIMIT_FACTOR != 1 and not settings_module().endswith(".test"):
        yield Finding(
            AREA,
            f"RATE_LIMIT_FACTOR is {settings.RATE_LIMIT_FACTOR:g}: limits are for load tests",
            "remove RATE_LIMIT_FACTOR from .env",
        )
    if not settings.ERASURE_LEDGER:
        yield Finding(
            AREA,
            "ERASURE_LEDGER names no file: a restored backup would bring readers back who left",
            "set ERASURE_LEDGER to a file outside the database, for example var/erasures.log",
        )


def deployment() -> Iterator[Finding]:
    """Django's own checks, with those for production where it is production."""
    found = checks.run_checks(include_deployment_checks=is_production())
    serious = [message for message in found if message.level >= checks.WARNING]
    for message in serious:
        if not message.is_silenced():
            yield Finding(AREA, f"{message.id}: {message.msg}", message.hint or "see its text")
    if not serious:
        yield Finding(AREA, "Django's checks find nothing")


def dotenv() -> Iterator[Finding]:
    """Secrets are for the eyes of one user."""
    if not DOTENV.exists():
        yield Finding(AREA, "there is no .env: all settings come from the environment")
        return
    mode = stat.S_IMODE(DOTENV.stat().st_mode)
    if mode & 0o077:
        yield Finding(AREA, f"others may read .env (mode {mode:o})", f"chmod 600 {DOTENV}")
    else:
        yield Finding(AREA, ".env is readable by its owner alone")


def processes() -> Iterator[Finding]:
    """Several processes need something that they share."""
    number = os.environ.get("WEB_CONCURRENCY", "")
    several = number.isdigit() and int(number) > 1
    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if several and (sqlite or not settings.REDIS_URL):
        yield Finding(
            AREA,
            f"WEB_CONCURRENCY={number} has no effect without PostgreSQL and Redis",
            "set DATABASE_URL and REDIS_URL, or remove WEB_CONCURRENCY",
        )
    else:
        yield Finding(AREA, "the number of server processes fits database and cache")


QUESTIONS: list[Question] = [essentials, deployment, dotenv, processes]
