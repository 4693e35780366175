"""The command that changes the signing key, what it does to `.env`, and what the doctor says."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from accounts import keys
from accounts.keys import key_from, signing_key
from accounts.models import SigningKey
from bookbridge import env_file
from bookbridge.doctor import keys as questions
from bookbridge.doctor.findings import Finding
from bookbridge.management.commands import rotate_signing_key as command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _installation(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.JWT_KEYRING_SECONDS = 10
    settings.JWT_SIGNING_KEYS = settings.JWT_SIGNING_KEYS[:1]
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.setattr(keys, "_reader", keys._Reader())
    monkeypatch.setattr(command, "DOTENV", tmp_path / ".env")


def run(*options: str) -> tuple[list[str], str]:
    told, aside = io.StringIO(), io.StringIO()
    call_command("rotate_signing_key", *options, stdout=told, stderr=aside)
    return told.getvalue().splitlines(), aside.getvalue()


def wrong() -> list[Finding]:
    found = [finding for ask in questions.QUESTIONS for finding in ask()]
    return [finding for finding in found if finding.is_problem]


def test_it_says_what_is_true_now() -> None:
    old = signing_key().kid
    assert run("--list")[0] == [f"{old} signs"]
    lines, _aside = run()
    assert "is published and signs from" in lines[0]
    assert lines[1].startswith(f"{old} signs, ends at ")
    with pytest.raises(CommandError, match="does not sign yet"):
        run("--now")
    lines, _aside = run("--compromised")
    assert lines == [f"{signing_key().kid} signs"]
    assert signing_key().kid != old


def test_what_is_over_is_taken_out_of_the_file(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    old = settings.JWT_SIGNING_KEYS[0]
    before = f"# Keys\nJWT_SIGNING_KEYS={old}\nJWT_ISSUER=bookbridge\n"
    file.write_text(before)
    file.chmod(0o640)
    assert "is over" in run("--clean-env")[1]
    assert file.read_text() == before
    run("--compromised")
    (finding,) = wrong()
    assert "which is over" in finding.text
    assert "--clean-env" in finding.advice
    lines, aside = run("--clean-env")
    assert not any(old in line for line in (*lines, aside))
    new = env_file.value_of(file, "JWT_SIGNING_KEYS")
    assert file.read_text() == before.replace(old, str(new))
    assert key_from(str(new)).kid == signing_key().kid
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    (kept,) = (tmp_path / "var" / "env").iterdir()
    assert kept.read_text() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    settings.JWT_SIGNING_KEYS = [new]
    assert wrong() == []
    # The old file, put back, does not bring the key back.
    settings.JWT_SIGNING_KEYS = [old]
    assert key_from(old).kid not in keys.keyring()
    assert len(wrong()) == 1


def test_an_environment_that_is_no_file_is_told_what_to_hold(settings: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JWT_SIGNING_KEYS=another\n")
    run("--compromised")
    lines, aside = run("--clean-env")
    assert "does not come from" in aside
    name, _equals, value = lines[0].partition("=")
    assert name == "JWT_SIGNING_KEYS"
    assert key_from(value).kid == signing_key().kid
    assert (tmp_path / ".env").read_text() == "JWT_SIGNING_KEYS=another\n"


def test_keys_of_the_environment_that_are_good_stay_in_it(settings: Any, tmp_path: Path) -> None:
    old, good = settings.JWT_SIGNING_KEYS[0], "A" * 42 + "E"
    run("--compromised")
    settings.JWT_SIGNING_KEYS = [old, good]
    (tmp_path / ".env").write_text(f"JWT_SIGNING_KEYS={old},{good}\n")
    run("--clean-env")
    assert (tmp_path / ".env").read_text() == f"JWT_SIGNING_KEYS={good}\n"


def test_a_file_that_cannot_be_replaced_stays_as_it_is(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    before = f"JWT_SIGNING_KEYS={settings.JWT_SIGNING_KEYS[0]}\n"
    file.write_text(before)
    run("--compromised")

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CommandError, match="No space left"):
        run("--clean-env")
    assert file.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "var"]


def test_the_doctor_names_keys_that_are_not_read(settings: Any) -> None:
    run("--now")
    assert wrong() == []
    settings.SEALING_KEYS = [Fernet.generate_key().decode()]
    (finding,) = wrong()
    assert "cannot be opened with SEALING_KEYS" in finding.text
    settings.JWT_KEYRING_SECONDS = 0
    (finding,) = wrong()
    assert "are not read" in finding.text
    assert SigningKey.objects.count() == 2
