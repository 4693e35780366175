"""From a fresh clone to a server: what `make setup` and `make run` do before the first request."""

import os
import re
import stat
import string
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from bookbridge import bootstrap, environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """An empty clone with its lock files, where nothing is really run."""
    ran = []
    for name in ("", "-dev", "-browser", "-granian"):
        (tmp_path / f"requirements{name}.txt").write_text(name)
    monkeypatch.delenv("SERVER", raising=False)
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VAR", tmp_path / "var")

    def call(command, **options):
        ran.append(command)
        if "venv" in command:
            (tmp_path / ".venv" / "bin").mkdir(parents=True)
            (tmp_path / ".venv" / "bin" / "python").touch()
        return 0

    monkeypatch.setattr(bootstrap.subprocess, "call", call)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "--dev", "--browser"])
    return tmp_path, ran


def installs(ran):
    return [command for command in ran if "install" in command]


def test_a_fresh_clone_gets_everything_and_the_second_time_nothing_is_installed(clone, capsys):
    folder, ran = clone

    bootstrap.main()

    (install,) = installs(ran)
    assert "--require-hashes" in install
    assert str(folder / "requirements-dev.txt") in install
    assert "Made .env" in capsys.readouterr().out
    written = (folder / ".env").read_text()

    bootstrap.main()

    assert len(installs(ran)) == 1
    assert (folder / ".env").read_text() == written
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("where", ["environment", "file", "option"])
def test_the_other_server_is_installed_only_where_it_is_asked_for(clone, monkeypatch, where):
    folder, ran = clone
    bootstrap.main()
    assert not any("granian" in part for part in installs(ran)[0])
    if where == "environment":
        monkeypatch.setenv("SERVER", "granian")
    elif where == "file":
        dotenv = folder / ".env"
        dotenv.write_text(f"{dotenv.read_text()}\nSERVER=granian\n")
    else:
        monkeypatch.setattr(sys, "argv", ["bootstrap", "--granian"])

    bootstrap.main()

    assert str(folder / "requirements-granian.txt") in installs(ran)[1]


def test_changed_locks_are_installed_again(clone):
    folder, ran = clone
    bootstrap.main()
    (folder / "requirements.txt").write_text("other")

    bootstrap.main()

    assert len(installs(ran)) == 2


def test_a_failed_installation_is_told_and_tried_again(clone, monkeypatch):
    folder, ran = clone
    good = bootstrap.subprocess.call
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda c, **k: good(c, **k) or "install" in c)
    with pytest.raises(SystemExit, match="could not be installed"):
        bootstrap.main()
    monkeypatch.setattr(bootstrap.subprocess, "call", good)

    bootstrap.main()

    assert len(installs(ran)) == 2


def test_a_missing_venv_module_is_one_line_with_the_command(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "quietly", lambda *command: False)
    with pytest.raises(SystemExit, match=r"^Python's venv module .*: sudo apt-get install python3"):
        bootstrap.main()


def test_a_virtual_environment_that_cannot_be_made_is_told(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "quietly", lambda *command: True)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command, **options: 1)
    with pytest.raises(SystemExit, match="could not be made"):
        bootstrap.main()


def test_an_old_python_looks_for_another_and_else_says_what_to_install(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if "12" in name else None)
    assert bootstrap.fitting_python() == "python3.12"
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match=r"3\.11 to 3\.13, this is 3\.9: sudo apt-get"):
        bootstrap.fitting_python()


def test_the_environment_file_is_private_and_its_secrets_are_fresh(tmp_path):
    for name in ("one", "two"):
        bootstrap.ensure_dotenv(tmp_path / name, ROOT / ".env.example")
    one, two = (dict_of(tmp_path / name) for name in ("one", "two"))
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert set(one) == set(bootstrap.SECRETS)
    assert not set(one.values()) & set(two.values())


def test_an_environment_file_keeps_what_it_says_and_gets_what_is_missing(tmp_path, capsys):
    dotenv = tmp_path / ".env"
    dotenv.write_text("DJANGO_SECRET_KEY=mine\nJWT_SIGNING_KEYS=\n# a remark\nOTHER=1\n")

    bootstrap.ensure_dotenv(dotenv, ROOT / ".env.example")

    values = dict_of(dotenv)
    assert values["DJANGO_SECRET_KEY"] == "mine"
    assert values["OTHER"] == "1"
    assert len(values["JWT_SIGNING_KEYS"]) == 43
    assert "# a remark" in dotenv.read_text()
    assert "DEMO_ADMIN_PASSWORD" in capsys.readouterr().out


def dict_of(path):
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_real_variables_win_over_the_file_and_settings_have_a_default(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {"BIND": "real"})
    monkeypatch.setattr(environment.Env, "ENVIRON", os.environ)
    (tmp_path / ".env").write_text("BIND=file\nLOG_LEVEL=DEBUG\n")

    environment.load(tmp_path / ".env")

    assert os.environ == {
        "BIND": "real",
        "LOG_LEVEL": "DEBUG",
        "DJANGO_SETTINGS_MODULE": environment.DEFAULT_SETTINGS,
    }


def test_an_empty_variable_is_not_given_and_a_bad_one_is_named(monkeypatch):
    monkeypatch.setenv("RATE_LIMIT_READER", "")
    assert environment.env.int("RATE_LIMIT_READER", default=7) == 7
    monkeypatch.setenv("RATE_LIMIT_READER", "many")
    with pytest.raises(ImproperlyConfigured, match="RATE_LIMIT_READER"):
        environment.env.int("RATE_LIMIT_READER", default=7)


def production(**variables):
    """Import the settings of production in a new process; return its exit code and errors."""
    code = "import bookbridge.settings.production"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stderr


def test_production_refuses_to_start_and_names_every_reason():
    code, errors = production(RATE_LIMIT_FACTOR="100", ALLOWED_HOSTS="*")
    assert code != 0
    for reason in (
        "DJANGO_SECRET_KEY",
        "JWT_SIGNING_KEYS",
        "SEALING_KEYS",
        "RETIRED_NAME_KEYS",
        "DATABASE_URL",
        "RATE_LIMIT_FACTOR",
        "*",
    ):
        assert reason in errors


def test_production_starts_when_everything_is_given():
    code, errors = production(
        DJANGO_SECRET_KEY="k" * 60,
        JWT_SIGNING_KEYS="a" * 43,
        SEALING_KEYS="a" * 43,
        RETIRED_NAME_KEYS="k" * 43,
        ALLOWED_HOSTS="books.example.org",
        DATABASE_URL="postgres://books:secret@db/books",
    )
    assert (code, errors) == (0, "")


def test_production_passes_the_checks_of_a_deployment():
    run = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "bookbridge.settings.production",
            "DJANGO_SECRET_KEY": "only for this test: " + string.ascii_letters,
            "JWT_SIGNING_KEYS": "a" * 43,
            "SEALING_KEYS": "a" * 43,
            "RETIRED_NAME_KEYS": "a" * 43,
            "ALLOWED_HOSTS": "books.example.org",
            "DATABASE_URL": "postgres://books:secret@127.0.0.1:1/books",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_setting_is_explained_in_the_example():
    example = (ROOT / ".env.example").read_text()
    sources = [*(ROOT / "bookbridge/settings").glob("*.py"), ROOT / "gunicorn.conf.py"]
    sources.append(ROOT / "bookbridge/serving.py")
    asked = re.compile(r'(?:env(?:iron)?|variables)\.\w+\(\s*"([A-Z_]+)"')
    names = {name for source in sources for name in asked.findall(source.read_text())}
    assert len(names) > 30
    assert {name for name in names - {"PYTEST_XDIST_WORKER"} if f"{name}=" not in example} == set()
