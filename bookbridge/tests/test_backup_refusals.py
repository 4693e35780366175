"""Backups that are damaged, of another version or another database, and tools that are missing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.backup import archive, postgresql
from bookbridge.tests.backups import backup, run
from clubs.membership.models import RetiredSlug

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_no_ledger")]


@pytest.fixture
def _no_ledger(settings: Any, tmp_path: Path) -> None:
    settings.ERASURE_LEDGER = str(tmp_path / "erasures.log")


def rewritten(path: Path, name: str, change: Any) -> Path:
    """A copy of a backup with one of its members changed."""
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, change(data) if member == name else data)
    return target


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    UserFactory()
    path = backup(tmp_path)
    whole = path.read_bytes()
    member = archive.database().MEMBER
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    none = tmp_path / "none.zip"
    none.write_text("no archive")

    def fewer(data: bytes) -> bytes:
        manifest = json.loads(data)
        manifest["counts"]["accounts_user"] += 1
        return json.dumps(manifest).encode()

    flipped = rewritten(path, member, lambda data: data[:-9] + b"?" + data[-8:])
    for broken in (cut, none, flipped, tmp_path / "missing.zip"):
        with pytest.raises(CommandError, match=r"damaged|no file"):
            run("backup", "--verify", broken)
        with pytest.raises(CommandError, match=r"damaged|no file"):
            run("restore", broken, "--force")
    with pytest.raises(CommandError, match="1 rows of accounts_user where 2"):
        run("restore", rewritten(path, archive.MANIFEST, fewer), "--force")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 99}, "format 99"),
        ({"migrations": {"clubs": ["0001_initial", "9999_later"]}}, r"clubs\.9999_later"),
        ({"migrations": {"another_app": ["0001_initial"]}}, "does not know"),
    ],
)
def test_a_backup_of_another_version_is_refused(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    UserFactory()
    path = backup(tmp_path)
    other = rewritten(
        path, archive.MANIFEST, lambda data: json.dumps(json.loads(data) | change).encode()
    )
    with pytest.raises(CommandError, match=reason):
        run("restore", other, "--force")
    assert User.objects.count() == 1


def test_a_backup_of_another_database_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backup(tmp_path)
    monkeypatch.setattr(connection, "vendor", "oracle")
    with pytest.raises(CommandError, match="DATABASE_URL"):
        run("restore", path)


def test_what_the_command_needs(tmp_path: Path) -> None:
    for arguments in ([], [tmp_path / "x.zip", "--settle"]):
        with pytest.raises(CommandError, match="Name the file"):
            run("restore", *arguments)


@pytest.mark.postgres
def test_a_restore_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RetiredSlug.objects.create(slug="old")
    path = backup(tmp_path)
    RetiredSlug.objects.create(slug="new")
    UserFactory()
    real = postgresql._run

    def breaking(tool: str, *arguments: str) -> None:
        real(tool, *arguments)
        if tool == "pg_restore":
            script = next(Path(each[7:]) for each in arguments if each.startswith("--file="))
            script.write_text(script.read_text() + "SELECT nonsense;\n")

    monkeypatch.setattr(postgresql, "_run", breaking)
    with pytest.raises(CommandError, match="nonsense"):
        run("restore", path, "--force")
    assert RetiredSlug.objects.count() == 2


@pytest.mark.postgres
def test_without_the_tools_of_postgresql_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql.shutil, "which", lambda name: None)
    with pytest.raises(CommandError, match="apt-get install postgresql-client"):
        backup(tmp_path)
    assert list(tmp_path.glob("*.zip*")) == []
