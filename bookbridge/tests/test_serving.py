"""Which server is started, and with what."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bookbridge import serving

SHARED = {"DATABASE_URL": "postgres://db/books", "REDIS_URL": "redis://cache/0"}


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: SimpleNamespace())


def options(variables: dict[str, str]) -> dict[str, str]:
    made = serving.arguments(variables | {"SERVER": "granian"})
    return dict(zip(made, made[1:], strict=False))


def test_gunicorn_is_the_default() -> None:
    assert serving.arguments({}) == ["-m", "gunicorn"]
    assert serving.arguments({"SERVER": ""}) == ["-m", "gunicorn"]


def test_a_server_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="gunicorn or granian"):
        serving.arguments({"SERVER": "uvicorn"})


def test_granian_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="SERVER=granian make setup"):
        serving.arguments({"SERVER": "granian"})


@pytest.mark.usefixtures("_installed")
def test_granian_has_as_many_processes_and_threads_as_gunicorn() -> None:
    alone, shared = options({}), options(SHARED | {"WEB_CONCURRENCY": "3"})
    assert (alone["--workers"], alone["--blocking-threads"]) == ("1", "12")
    assert "--workers-lifetime" not in alone
    assert (shared["--workers"], shared["--blocking-threads"]) == ("3", "6")
    assert "--workers-lifetime" in shared
    assert shared["--interface"] == "wsgi"


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        ("", {"--host": "127.0.0.1", "--port": "8000"}),
        ("[::1]:81", {"--host": "::1", "--port": "81"}),
        (":80", {"--host": "0.0.0.0", "--port": "80"}),
        ("unix:/run/books.sock", {"--uds": "/run/books.sock"}),
    ],
)
def test_granian_listens_where_gunicorn_would(bind: str, expected: dict[str, str]) -> None:
    assert expected.items() <= options({"BIND": bind}).items()


@pytest.mark.usefixtures("_installed")
def test_what_granian_cannot_listen_at_is_refused() -> None:
    with pytest.raises(ValueError, match="host:port or unix"):
        options({"BIND": "fd://3"})
