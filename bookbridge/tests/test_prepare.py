"""`manage.py prepare`: each step only where something is missing, one line on what cannot be."""

import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from bookbridge.management.commands import prepare

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def prepared(settings, tmp_path, monkeypatch):
    """A place for static files, and a record of the commands that `prepare` calls."""
    calls = []
    settings.STATIC_ROOT = tmp_path / "static"

    def call(name, **options):
        calls.append(name)
        if name == "collectstatic":
            (tmp_path / "static").mkdir(exist_ok=True)

    monkeypatch.setattr(prepare, "call_command", call)
    return calls


@pytest.mark.django_db
def test_prepare_does_only_what_is_missing(prepared, settings, monkeypatch):
    call_command("prepare")
    assert prepared == ["collectstatic", "seed_demo"]

    settings.DEMO = False
    call_command("prepare")
    assert prepared == ["collectstatic", "seed_demo"]

    monkeypatch.setattr(prepare.MigrationExecutor, "migration_plan", lambda *args: ["something"])
    call_command("prepare")
    assert prepared == ["collectstatic", "seed_demo", "migrate"]


@pytest.mark.django_db
def test_prepare_tells_when_the_database_is_closed(prepared, monkeypatch):
    def closed():
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(prepare.connection, "ensure_connection", closed)
    monkeypatch.setattr(prepare, "database_advice", lambda error: f"Advice on {error}")
    with pytest.raises(CommandError, match="Advice on unable to open"):
        call_command("prepare")


@pytest.mark.django_db
def test_prepare_to_serve_says_where_everything_is(prepared, monkeypatch, capsys):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("BIND", f"0.0.0.0:{port}")
    call_command("prepare", "--serve")
    out = capsys.readouterr().out
    for path in ("/api/v1/", "/api/docs/", "/api/redoc/", "/api/schema/", "/admin/"):
        assert f"http://127.0.0.1:{port}{path}" in out
    assert "make superuser" in out


@pytest.mark.django_db
def test_the_banner_names_the_demo_accounts_but_not_their_passwords(monkeypatch, django_user_model):
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "very secret words")
    for name, rights in (("admin", {"is_staff": True, "is_superuser": True}), ("ana", {})):
        address = {"email": f"{name}@example.org", "email_verified_at": timezone.now()}
        user = django_user_model(username=name, **address, **rights)
        user.set_password("very secret words")
        user.save()
    text = prepare.banner("unix:/run/bookbridge.sock")
    assert "  Sign in    admin; the password is DEMO_ADMIN_PASSWORD in .env" in text
    assert "ana" in text
    assert "very secret words" not in text


def test_an_address_that_is_taken_or_none_is_told_before_serving():
    prepare.require_free("unix:/run/bookbridge.sock")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="is taken"):
            prepare.require_free(f"127.0.0.1:{other.getsockname()[1]}")
    with pytest.raises(CommandError, match="is no address"):
        prepare.require_free("nonsense")
    with pytest.raises(CommandError, match="Cannot listen"):
        prepare.require_free("192.0.2.1:8000")


@pytest.mark.parametrize(
    ("vendor", "error", "advice"),
    [
        ("sqlite", "unable to open database file", "/srv/books cannot be opened"),
        (
            "postgresql",
            'FATAL:  database "/srv/books" does not exist',
            "createdb -h db -U ana /srv/books",
        ),
        (
            "postgresql",
            "connection failed: Connection refused\n\tIs it?",
            "db:5432: Connection refused.",
        ),
    ],
)
def test_a_closed_database_is_one_line_that_helps(settings, monkeypatch, vendor, error, advice):
    database = {"NAME": "/srv/books", "HOST": "db", "PORT": "", "USER": "ana", "PASSWORD": "hidden"}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    monkeypatch.setattr(prepare, "connection", type("Connection", (), {"vendor": vendor}))
    line = prepare.database_advice(error)
    assert advice in line
    assert "hidden" not in line
    assert "\n" not in line
