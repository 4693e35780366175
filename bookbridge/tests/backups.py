"""What the tests of backups share: running a command, and making a backup."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management import call_command


def run(command: str, *arguments: Any, **options: Any) -> str:
    told = io.StringIO()
    call_command(command, *map(str, arguments), stdout=told, stderr=io.StringIO(), **options)
    return told.getvalue()


def backup(tmp_path: Path, name: str = "one.zip", *options: str) -> Path:
    run("backup", tmp_path / name, *options)
    return tmp_path / name
