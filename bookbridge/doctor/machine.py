"""The machine: clock, disk, static files, the list of who left."""

from __future__ import annotations

import json
import os
import shutil
import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import erasures
from accounts.models import Session
from bookbridge import serving
from bookbridge.doctor.findings import Finding, Question
from bookbridge.invariants.checks import rows_of

CLOCK_SLACK_SECONDS = 2.0
LEAST_FREE_BYTES = 1_000_000_000
LEAST_FREE_IN_100 = 5


def server() -> Iterator[Finding]:
    """The server that `make run` starts."""
    try:
        serving.arguments(os.environ)
    except ValueError as error:
        yield Finding("server", str(error), "set SERVER in .env, then run `make setup`")
        return
    size = serving.extent(os.environ)
    name = serving.chosen(os.environ)
    yield Finding("server", f"{name}: {size.workers} processes of {size.threads} threads")


def clock() -> Iterator[Finding]:
    """The time of this machine, against that of the database."""
    if connection.vendor == "postgresql":
        there = next(rows_of("SELECT clock_timestamp() AS now"))["now"]
        apart = abs((timezone.now() - there).total_seconds())
        if apart > CLOCK_SLACK_SECONDS:
            yield Finding(
                "clock",
                f"the clocks of this machine and of the database are {apart:.0f} s apart",
                "let both be set by NTP: timedatectl set-ntp true",
            )
    ahead = timezone.now() + timedelta(minutes=1)
    if Session.objects.filter(last_used_at__gt=ahead).exists():
        yield Finding(
            "clock",
            "sessions were used in the future: the clock went back, or was wrong",
            "set the clock by NTP: timedatectl set-ntp true",
        )
    else:
        yield Finding("clock", f"it is {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
    try:
        zoneinfo.ZoneInfo("America/Sao_Paulo")
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding("clock", "time zones are unknown here", "apt-get install tzdata")


def disk() -> Iterator[Finding]:
    """Room, and the right to write."""
    folders = {Path(settings.VAR_DIR)}
    if erasures.ledger() is not None:
        folders.add(Path(settings.ERASURE_LEDGER).parent)
    name = str(settings.DATABASES["default"]["NAME"])
    if connection.vendor == "sqlite" and not name.startswith((":memory:", "file:")):
        folders.add(Path(name).parent)
    for folder in sorted(folders):
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            yield Finding(
                "disk",
                f"{folder} cannot be written",
                f"mkdir -p {folder} && chown it to the server",
            )
            continue
        usage = shutil.disk_usage(folder)
        free = f"{usage.free / 1e9:.1f} GB free for {folder}"
        if usage.free < LEAST_FREE_BYTES or usage.free * 100 < usage.total * LEAST_FREE_IN_100:
            yield Finding("disk", f"only {free}", "make room, or move it to a larger disk")
        else:
            yield Finding("disk", free)


def static_files() -> Iterator[Finding]:
    """The files of the admin and of the documents."""
    root = Path(settings.STATIC_ROOT)
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    if "Manifest" not in backend:
        yield Finding("static files", "they are found where they are (no manifest)")
        return
    collect = "run `manage.py collectstatic --noinput`, or `make setup`"
    try:
        names = json.loads((root / "staticfiles.json").read_text())["paths"].values()
    except (OSError, ValueError, KeyError):
        yield Finding("static files", f"they are not collected in {root}", collect)
        return
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        yield Finding("static files", f"{len(missing)} are missing, {missing[0]} first", collect)
    else:
        yield Finding("static files", f"{len(names)} are collected")


def ledger() -> Iterator[Finding]:
    """The list of who left, which a restore needs."""
    if erasures.ledger() is None:
        return
    if missing := erasures.missing():
        yield Finding(
            "erasures",
            f"{len(missing)} readers left who are not noted in {erasures.ledger()}",
            "make the file writable, then run `manage.py backup`, which notes them",
        )
    elif returned := erasures.returned():
        yield Finding(
            "erasures",
            f"{len(returned)} readers who left are here again",
            "run `manage.py restore --settle`",
        )
    else:
        yield Finding("erasures", "everybody who left is noted, and nobody of them is here")


QUESTIONS: list[Question] = [server, clock, disk, static_files, ledger]
