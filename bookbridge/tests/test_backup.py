"""Backup, wipe, restore: everything is there again, and what must stay dead stays dead."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import erasures, mail
from accounts.leaving.services import restore
from accounts.models import SecurityTrace, Session, User
from accounts.security.records import record_event
from accounts.services import erase_reader
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.backup import archive, contents
from bookbridge.kernel.models import IdempotencyKey, LimitCounter, OutboxJob
from bookbridge.testing import ApiClient
from bookbridge.tests.backups import backup, run
from clubs.membership.invitations import create_link, invite_reader
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.models import Club, Invitation, Membership
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ledger(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.ERASURE_LEDGER = str(tmp_path / "kept" / "erasures.log")
    yield Path(settings.ERASURE_LEDGER)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # not emptied with the tables of models
            cursor.execute("DELETE FROM clubs_book_fts")


def wipe() -> None:
    """Lose every row, as a new database has none."""
    call_command("flush", interactive=False, verbosity=0)
    assert not User.objects.exists()


def invariants() -> Any:
    return json.loads(run("check_invariants"))


def sign_in(client: Client, login: str, password: str) -> Any:
    body = {"login": login, "password": password}
    return client.post("/api/v1/auth/token/", body, content_type="application/json")


def statuses(tokens: dict[str, str]) -> tuple[int, int]:
    """How the access and the refresh token of a sign-in are answered now."""
    client = Client()
    me = client.get("/api/v1/users/me/", headers={"Authorization": f"Bearer {tokens['access']}"})
    again = client.post(
        "/api/v1/auth/token/refresh/",
        {"refresh": tokens["refresh"]},
        content_type="application/json",
    )
    return me.status_code, again.status_code


def test_backup_wipe_restore(tmp_path: Path) -> None:
    world = json.loads(run("seed_acceptance", "--json"))
    member, admin = world["readers"]["member"], world["readers"]["admin"]
    tokens = sign_in(Client(), member["username"], member["password"]).json()
    other = sign_in(Client(), admin["email"], admin["password"]).json()
    assert statuses(tokens)[0] == 200
    link = world["clubs"]["public"]["invitation_token"]
    assert Client().get(f"/api/v1/invitations/{link}/").status_code == 200
    counts = contents.row_counts()
    path = backup(tmp_path)

    wipe()
    settled = json.loads(run("restore", path, "--json"))

    assert contents.row_counts() == counts
    assert invariants() == []
    assert statuses(other) == (401, 401)
    assert statuses(tokens) == (401, 401)
    for kind, reader in world["readers"].items():
        answer = sign_in(Client(), reader["username"], reader["password"])
        assert answer.status_code == (401 if kind == "suspended" else 200), kind
    assert sign_in(Client(), member["email"], member["password"]).status_code == 200
    assert Client().get(f"/api/v1/invitations/{link}/").status_code == 404
    assert settled["invitations_revoked"] == 6
    assert settled["memberships_no_longer_invited"] == 3
    assert not Membership.objects.filter(state="invited").exists()
    json.loads(run("seed_acceptance", "--json"))
    assert invariants() == []
    # New rows come after the restored ones.
    assert UserFactory().pk > max(reader["id"] for reader in world["readers"].values())


def test_what_a_restore_ends_where_the_rows_came_by_other_means() -> None:
    owner, removed = UserFactory(), UserFactory()
    client = ApiClient(owner)
    club = ClubFactory(owner=owner)
    member_of(club, removed, state="removed")
    invite_reader(club=club, reader=removed, by=owner)
    create_link(club=club, by=owner)
    IdempotencyKey.objects.create(
        user=owner, path="p", key="k", fingerprint="f", status=201, created_at=timezone.now()
    )
    LimitCounter.objects.create(key="k", n=9, expires_at=timezone.now())
    with transaction.atomic():
        mail.send("password_changed", reader=owner)
    assert client.get("users/me/").status_code == 200
    first = json.loads(run("restore", "--settle", "--json"))
    assert client.get("users/me/").status_code == 401
    assert Session.objects.get().revoked_reason == "restored_from_backup"
    assert (IdempotencyKey.objects.count(), LimitCounter.objects.count()) == (0, 0)
    assert not Invitation.objects.open().exists()
    assert Membership.objects.get(reader=removed).state == "removed"
    assert first["outbox_jobs_closed"] == 1
    assert not OutboxJob.objects.waiting().exists()
    assert (first["sessions_ended"], first["invitations_revoked"]) == (1, 2)
    assert set(json.loads(run("restore", "--settle", "--json")).values()) == {0}


def test_who_left_after_the_backup_stays_erased(tmp_path: Path, ledger: Path) -> None:
    reader = UserFactory(username="ana")
    uid = reader.uid
    ReviewFactory(author=reader)
    path = backup(tmp_path)
    erase_reader(reader=reader)
    assert erasures.digest(uid) in ledger.read_text()
    assert str(uid) not in ledger.read_text()
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    wipe()
    settled = json.loads(run("restore", path, "--json"))
    assert settled["readers_erased_again"] == 1
    again = User.objects.get(uid=uid)
    assert again.erased_at is not None
    assert again.username.startswith("deleted-")
    assert not again.reviews.exists()
    assert invariants() == []


def test_who_asked_to_leave_after_the_backup_is_leaving_still(tmp_path: Path) -> None:
    asked, stays, over = (UserFactory(username=name) for name in ("asked", "stays", "over"))
    path = backup(tmp_path)
    for reader in (asked, stays, over):
        assert ApiClient(reader).delete("users/me/").status_code == 204
    until = User.objects.get(pk=asked.pk).leaves_at
    restore(by=User.objects.get(pk=stays.pk))
    erase_reader(reader=User.objects.get(pk=over.pk))
    wipe()
    settled = json.loads(run("restore", path, "--json"))
    assert (settled["readers_erased_again"], settled["readers_leaving_again"]) == (1, 1)
    assert abs(User.objects.get(uid=asked.uid).leaves_at - until) < timedelta(seconds=2)
    assert User.objects.get(uid=stays.uid).leaves_at is None
    assert User.objects.get(uid=over.uid).erased_at is not None
    assert invariants() == []


def test_whose_days_of_grace_ran_out_meanwhile_is_erased_after_a_restore(tmp_path: Path) -> None:
    reader = UserFactory(leaves_at=timezone.now() + timedelta(days=1))
    record_event("signed_in", reader_id=reader.pk, address="198.51.100.7")
    path = backup(tmp_path)
    wipe()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        settled = json.loads(run("restore", path, "--json"))
    assert settled["readers_whose_grace_is_over"] == 1
    assert User.objects.get(uid=reader.uid).erased_at is not None
    assert not SecurityTrace.objects.exists()
    assert invariants() == []


def test_who_left_is_remembered_where_the_list_was_lost(tmp_path: Path, ledger: Path) -> None:
    reader = UserFactory()
    before = backup(tmp_path)
    erase_reader(reader=reader)
    ledger.unlink()
    # The database about to be replaced still knows.
    run("restore", before, "--force")
    assert User.objects.get(uid=reader.uid).erased_at is not None
    ledger.unlink()
    backup(tmp_path, "two.zip")
    assert erasures.digest(reader.uid) in ledger.read_text()
    assert erasures.missing() == []


def test_an_erasure_that_cannot_be_noted_is_told_and_stands(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = UserFactory()
    (tmp_path / "file").write_text("")
    settings.ERASURE_LEDGER = str(tmp_path / "file" / "ledger")
    erase_reader(reader=reader)
    assert User.objects.get(pk=reader.pk).erased_at is not None
    assert "erasure_not_noted" in caplog.text
    with pytest.raises(CommandError, match="cannot be written"):
        backup(tmp_path)


def test_a_torn_line_of_the_list_is_no_line(ledger: Path) -> None:
    reader = UserFactory()
    ledger.parent.mkdir()
    ledger.write_text(f"2031-01-01T00:00:00+00:00 {erasures.digest(reader.uid)[:40]}\n\x00\n")
    assert erasures.returned() == []


def test_a_database_in_use_is_replaced_only_by_force(tmp_path: Path) -> None:
    kept = ClubFactory()
    path = backup(tmp_path)
    later = ClubFactory()
    with pytest.raises(CommandError, match="not empty"):
        run("restore", path)
    assert Club.objects.filter(pk=later.pk).exists()
    run("restore", path, "--force")
    assert list(Club.objects.values_list("pk", flat=True)) == [kept.pk]


def test_a_backup_holds_no_sessions_keys_or_secrets(tmp_path: Path, settings: Any) -> None:
    ApiClient(UserFactory())
    path = backup(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    manifest = archive.verify(path)
    assert manifest["counts"]["accounts_session"] == 0
    assert manifest["counts"]["accounts_user"] == 1
    assert set(manifest["members"]) == {archive.database().MEMBER}
    with archive.opened(path) as (_manifest, dump):
        assert settings.SECRET_KEY.encode() not in dump.read_bytes()
    assert Session.objects.count() == 1, "the database itself keeps its sessions"
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []


def test_the_settings_come_along_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BASE_DIR", tmp_path)
    (tmp_path / ".env").write_text("DJANGO_SECRET_KEY=secret\n")
    path = backup(tmp_path, "with.zip", "--with-env")
    assert "verified" in run("backup", "--verify", path)
    with zipfile.ZipFile(path) as file:
        assert file.read("env") == b"DJANGO_SECRET_KEY=secret\n"


def test_the_default_place_and_what_is_said(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    told = run("backup")
    (path,) = (tmp_path / "backups").glob("bookbridge-*.zip")
    assert str(path) in told
    assert ".env" in told
    assert json.loads(run("backup", "--verify", path, "--json"))["file"] == str(path)
    with pytest.raises(CommandError, match="there already"):
        run("backup", path)


def test_passwords_survive(tmp_path: Path) -> None:
    reader = UserFactory()
    path = backup(tmp_path)
    wipe()
    run("restore", path)
    assert User.objects.get(pk=reader.pk).check_password(PASSWORD)
