"""The one file of a backup: a ZIP of a manifest and a dump, written beside and verified whole."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from django.db import connection
from django.utils import timezone

from bookbridge import __version__
from bookbridge.backup import postgresql, sqlite
from bookbridge.backup.contents import LEFT_OUT, BackupError, applied_migrations
from bookbridge.environment import BASE_DIR

FORMAT = 1
MANIFEST = "manifest.json"
SECRETS = "env"
PIECE = 1 << 20

Manifest = dict[str, Any]


def database() -> ModuleType:
    """The module that knows the database in use."""
    return {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]


def name_at(moment: datetime) -> str:
    """What a backup of that moment is called."""
    return f"bookbridge-{moment:%Y%m%d-%H%M%S}.zip"


def write(target: Path, *, with_env: bool = False) -> Manifest:
    """Write a backup, read it back, and only then give it its name; gives its manifest.

    Arguments:
        with_env: put `.env` with its secrets into it.

    Raises:
        BackupError: it could not be written, or what was written is not right.
    """
    if target.exists():
        raise BackupError(f"{target} is there already.")
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            manifest = _write(unfinished, Path(folder), with_env=with_env)
        verify(unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def verify(path: Path) -> Manifest:
    """Read all of a backup: digests, the dump itself, the rows in it; gives its manifest.

    Raises:
        BackupError: something is missing or not as it was written.
    """
    with opened(path) as (manifest, _file):
        return manifest


@contextmanager
def opened(path: Path) -> Iterator[tuple[Manifest, Path]]:
    """A backup that was verified: its manifest and its dump, in a temporary folder.

    Raises:
        BackupError: something is missing or not as it was written.
    """
    try:
        with (
            zipfile.ZipFile(path) as archive,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".restore-") as folder,
        ):
            manifest = _manifest(archive)
            for name, expected in manifest["members"].items():
                target = Path(folder) / Path(name).name
                with archive.open(name) as source, _private(target) as copy:
                    _compare(name, _copy(source, copy), expected)
            module, member = _dump_of(manifest)
            counts = module.count(Path(folder) / member)
            _compare_counts(counts, manifest["counts"])
            yield manifest, Path(folder) / member
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {path}.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise BackupError(f"{path} is no backup of BookBridge, or is damaged: {error}") from error


def _write(path: Path, folder: Path, *, with_env: bool) -> Manifest:
    module = database()
    file = folder / module.MEMBER
    file.touch(mode=0o600)
    manifest: Manifest = {
        "format": FORMAT,
        "bookbridge": __version__,
        "created_at": timezone.now().isoformat(timespec="seconds"),
        "database": connection.vendor,
        "server": module.server(),
        "migrations": applied_migrations(),
        "left_out": list(LEFT_OUT),
        "counts": module.dump(file),
        "members": {},
    }
    members = {module.MEMBER: file}
    if with_env:
        members[SECRETS] = BASE_DIR / ".env"
    with _private(path) as plain, zipfile.ZipFile(plain, "w", allowZip64=True) as archive:
        for name, source in members.items():
            manifest["members"][name] = _add(archive, name, source)
        text = json.dumps(manifest, indent=1, sort_keys=True)
        archive.writestr(MANIFEST, text, zipfile.ZIP_DEFLATED)
    return manifest


def _add(archive: zipfile.ZipFile, name: str, source: Path) -> dict[str, Any]:
    """Put a file into the archive; a dump of PostgreSQL is compressed already."""
    about = zipfile.ZipInfo(name, date_time=timezone.now().timetuple()[:6])
    stored = name == postgresql.MEMBER
    about.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with source.open("rb") as file, archive.open(about, "w", force_zip64=True) as member:
        return _copy(file, member)


def _copy(source: IO[bytes], target: IO[bytes]) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return {"sha256": digest.hexdigest(), "size": size}


def _private(path: Path) -> IO[bytes]:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    manifest: Manifest = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise BackupError(
            f"The backup has format {manifest['format']}, this version of BookBridge knows "
            f"{FORMAT}. Use BookBridge {manifest.get('bookbridge', 'of a later version')}."
        )
    return manifest


def _dump_of(manifest: Manifest) -> tuple[ModuleType, str]:
    module = {"sqlite": sqlite, "postgresql": postgresql}[manifest["database"]]
    return module, module.MEMBER


def _compare(name: str, found: dict[str, Any], expected: dict[str, Any]) -> None:
    if found != expected:
        raise BackupError(f"{name} in the backup is not what was written: it is damaged.")


def _compare_counts(found: dict[str, int], expected: dict[str, int]) -> None:
    wrong = [table for table, number in expected.items() if found.get(table, 0) != number]
    if wrong:
        table = wrong[0]
        raise BackupError(
            f"The backup has {found.get(table, 0)} rows of {table} where {expected[table]} "
            "were written: it is damaged."
        )
