"""Changing one line of `.env`: all or nothing, with the same rights, and the old file kept."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from django.utils import timezone


def value_of(path: Path, name: str) -> str | None:
    """What the file gives `name`; None without the file or the line."""
    if not path.is_file():
        return None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.partition("=")[0].strip() == name and "=" in line:
            return line.partition("=")[2].strip()
    return None


def replace_value(path: Path, name: str, value: str, *, backups: Path) -> Path:
    """Give `name` another value; gives where the file as it was is kept.

    The new file is written beside the old one, forced to the disk, and moved into its place: a
    crash leaves the one or the other. Mode and owner stay.

    Raises:
        OSError: it cannot be written; nothing has changed.
    """
    old = path.stat()
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [
        f"{name}={value}" if "=" in line and line.partition("=")[0].strip() == name else line
        for line in lines
    ]
    backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = backups / f"env-{timezone.now():%Y%m%d-%H%M%S-%f}"
    _write(kept, path.read_text(encoding="utf-8"), mode=0o600)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    os.close(descriptor)
    try:
        _write(Path(beside), "\n".join(changed) + "\n", mode=stat.S_IMODE(old.st_mode))
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
            os.chown(beside, old.st_uid, old.st_gid)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return kept


def _write(path: Path, text: str, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
