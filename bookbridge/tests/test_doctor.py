"""What the doctor finds when something is wrong, and that it finds nothing when nothing is."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from accounts import erasures
from accounts.tests.factories import SessionFactory, UserFactory
from bookbridge.doctor import asking, cache, database, machine
from bookbridge.doctor import settings as settings_questions
from bookbridge.tests.planting import PLANTERS, execute
from clubs.books.tests.factories import BookFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _healthy(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ERASURE_LEDGER = str(tmp_path / "erasures.log")
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    monkeypatch.setattr(settings_questions, "DOTENV", tmp_path / ".env")
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.setattr(cache, "SLOW_SECONDS", 9)  # the machine of the tests may be busy
    monkeypatch.setattr(database, "tidied", lambda: True)  # nor is every server of tests in use


def ask() -> tuple[int, list[Any]]:
    told = io.StringIO()
    try:
        call_command("doctor", "--json", stdout=told)
    except SystemExit as end:
        return int(end.code or 0), json.loads(told.getvalue())
    return 0, json.loads(told.getvalue())


def problem(area: str, text: str) -> Any:
    """The one problem that was planted, with what to do about it."""
    code, found = ask()
    assert code == 1
    wrong = [finding for finding in found if finding["problem"]]
    assert [(finding["area"]) for finding in wrong] == [area], wrong
    assert text in wrong[0]["text"]
    assert wrong[0]["advice"]
    return wrong[0]


def test_where_all_is_well_there_is_no_problem() -> None:
    code, found = ask()
    assert [finding for finding in found if finding["problem"]] == []
    assert code == 0
    assert {"settings", "database", "cache", "keys", "clock", "disk", "erasures"} <= {
        finding["area"] for finding in found
    }
    told = io.StringIO()
    call_command("doctor", stdout=told)
    assert told.getvalue().endswith("All is well.\n")


def test_people_read_what_to_do(settings: Any) -> None:
    settings.SECRET_KEY = "short"
    told = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=told)
    assert "PROBLEM settings: DJANGO_SECRET_KEY is shorter" in told.getvalue()
    assert "-> remove the line" in told.getvalue()
    assert told.getvalue().endswith("1 problems.\n")


def test_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    problem("settings", "DEBUG is on")
    settings.DEBUG = False
    settings.ERASURE_LEDGER = ""
    problem("settings", "ERASURE_LEDGER")


def test_the_factor_for_load_tests(settings: Any) -> None:
    settings.SETTINGS_MODULE = "bookbridge.settings.dev"
    problem("settings", "RATE_LIMIT_FACTOR is 1000")


def test_secrets_that_others_may_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DJANGO_SECRET_KEY=x\n")
    (tmp_path / ".env").chmod(0o644)
    assert problem("settings", "others may read .env")["advice"].startswith("chmod 600")
    (tmp_path / ".env").chmod(0o600)
    assert ask()[0] == 0


def test_processes_that_share_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    monkeypatch.setattr(cache, "QUESTIONS", [])
    settings.REDIS_URL = ""
    problem("settings", "WEB_CONCURRENCY=4")


def test_djangos_own_checks(settings: Any) -> None:
    settings.LANGUAGE_CODE = "no-such-language-at-all"
    assert "translation.E004" in problem("settings", "LANGUAGE_CODE")["text"]


def test_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed() -> None:
        raise OperationalError("connection refused\nmore words")

    monkeypatch.setattr(database.connection, "ensure_connection", closed)
    _code, found = ask()
    texts = [finding["text"] for finding in found if finding["problem"]]
    assert "it does not answer: connection refused" in texts


TIDIED = database.tidied


@pytest.mark.postgres
def test_a_database_that_nobody_tidies(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW autovacuum")
        assert TIDIED() is (cursor.fetchone()[0] == "on")
    monkeypatch.setattr(database, "tidied", lambda: False)
    problem("database", "autovacuum is off")


def test_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.MigrationExecutor, "migration_plan", lambda *args: [1, 2])
    assert "migrate" in problem("database", "2 migrations are not applied")["advice"]


def test_migrations_of_a_later_version() -> None:
    execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
        ["clubs", "9999_later", timezone.now()],
    )
    problem("database", "clubs.9999_later")


def test_missing_constraints() -> None:
    execute("DROP INDEX entry_of_book")
    problem("database", "entry_of_book")


def test_the_search() -> None:
    BookFactory()
    PLANTERS["book_search_index"]()
    assert "recount --only search" in problem("database", "search")["advice"]
    call_command("recount", "--only", "search", stdout=io.StringIO())
    assert ask()[0] == 0


def test_a_cache_server_that_is_away(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {"LOCATION": settings.REDIS_URL}}
    assert "start it" in next(iter(cache.answers())).advice


@pytest.mark.redis
def test_a_cache_server_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = cache.answers()
    assert not finding.is_problem
    monkeypatch.setattr(cache, "SLOW_SECONDS", -1)
    assert "ms for two questions" in next(iter(cache.answers())).text
    monkeypatch.setattr(cache, "SLOW_SECONDS", 9)
    monkeypatch.setattr(cache, "OLDEST", (99, 0))
    assert "too old" in next(iter(cache.answers())).text


def test_keys(settings: Any) -> None:
    settings.JWT_SIGNING_KEYS = ["too-short"]
    problem("keys", "not 32 bytes")
    settings.JWT_SIGNING_KEYS = ["A" * 43, "A" * 43]
    problem("keys", "twice")


def test_a_clock_that_went_back() -> None:
    session = SessionFactory(expires_at=timezone.now() + timedelta(days=30))
    type(session).objects.update(last_used_at=timezone.now() + timedelta(hours=2))
    problem("clock", "in the future")


@pytest.mark.postgres
def test_clocks_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    late = timezone.now() - timedelta(minutes=3)
    clock = SimpleNamespace(now=lambda: late, timedelta=timedelta)
    monkeypatch.setattr(machine, "timezone", clock)
    problem("clock", "s apart")


def test_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    nearly = SimpleNamespace(total=10**12, free=10**6)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: nearly)
    problem("disk", "only 0.0 GB")


def test_a_folder_that_is_not_there(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "missing"
    problem("disk", "cannot be written")


def test_static_files(settings: Any, tmp_path: Path) -> None:
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    problem("static files", "not collected")
    (tmp_path / "static").mkdir()
    manifest = tmp_path / "static" / "staticfiles.json"
    manifest.write_text(json.dumps({"paths": {"a.css": "a.1.css"}}))
    problem("static files", "1 are missing")
    (tmp_path / "static" / "a.1.css").write_text("")
    assert ask()[0] == 0


def test_who_left_and_is_not_noted_and_who_is_here_again() -> None:
    gone, back = UserFactory(erased=True), UserFactory()
    problem("erasures", "1 readers left who are not noted")
    erasures.note([gone.uid])
    assert ask()[0] == 0
    erasures.note([back.uid])
    assert "restore --settle" in problem("erasures", "here again")["advice"]


def test_a_question_that_fails_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise RuntimeError("no answer\nat all")

    monkeypatch.setattr(asking, "QUESTIONS", (broken,))
    (finding,) = asking.findings()
    assert finding.is_problem
    assert "broken could not be looked at: no answer" in finding.text
