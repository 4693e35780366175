"""Appointing moderators, suspending and reinstating readers from the command line."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import UserFactory
from bookbridge.management import readers
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    told = io.StringIO()
    call_command(*arguments, stdout=told)
    return told.getvalue()


def test_a_reader_becomes_a_moderator_and_keeps_other_roles() -> None:
    ana = UserFactory(username="ana", admin=True)
    assert "is a moderator now" in run("create_moderator", "Ana")
    ana.refresh_from_db()
    assert ana.site_roles() == ["admin", "moderator"]
    assert ana.is_staff
    assert "already" in run("create_moderator", "ana")
    with pytest.raises(CommandError, match="leave --email out"):
        run("create_moderator", "ana", "--email", "x@example.org")


def test_an_account_is_made_with_a_password_that_is_shown_once() -> None:
    told = run("create_moderator", "bento", "--email", "Bento@example.org", "--generate-password")
    password = told.rpartition(": ")[2].strip()
    bento = User.objects.get(username="bento")
    assert bento.check_password(password)
    assert (bento.email, bento.site_roles()) == ("bento@example.org", ["moderator"])


def test_a_password_is_asked_for_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["wolke 9 liest vor", "wolke 9 liest vor", "one", "another"])
    monkeypatch.setattr(readers.sys, "stdin", io.StringIO())
    monkeypatch.setattr(readers.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(readers.getpass, "getpass", lambda prompt: next(typed))
    told = run("create_moderator", "caio", "--email", "caio@example.org")
    assert "Password" not in told
    assert User.objects.get(username="caio").check_password("wolke 9 liest vor")
    with pytest.raises(CommandError, match="not the same"):
        run("create_moderator", "dora", "--email", "dora@example.org")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["eva"], "--email ADDRESS"),
        (["me", "--email", "me@example.org"], "reserved"),
        (["eva", "--email", "taken@example.org"], "e-mail address"),
    ],
)
def test_an_account_that_cannot_be_made(arguments: list[str], reason: str) -> None:
    UserFactory(username="taken", email="taken@example.org")
    with pytest.raises(CommandError, match=reason):
        run("create_moderator", *arguments)
    assert User.objects.count() == 1


def test_a_suspension_works_at_once_and_ends() -> None:
    ana, moderator = UserFactory(username="ana"), UserFactory(username="mod", moderator=True)
    client = ApiClient(ana)
    told = run("suspend", "ana", "--reason", "Spam.", "--by", "mod")
    assert told == "ana is suspended until somebody reinstates them.\n"
    assert client.get("users/me/").status_code == 401
    assert moderator.is_active
    ana.refresh_from_db()
    assert ana.suspension_reason == "Spam."
    assert run("reinstate", "ana") == "ana is reinstated.\n"
    assert client.get("users/me/").json()["code"] == "session_ended"
    assert ApiClient(ana).get("users/me/").status_code == 200
    assert run("reinstate", "ana") == "ana is not suspended.\n"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2131-05-17", datetime(2131, 5, 17, tzinfo=UTC)),
        ("2131-05-17T18:00", datetime(2131, 5, 17, 18, tzinfo=UTC)),
        ("2131-05-17T18:00-03:00", datetime(2131, 5, 17, 21, tzinfo=UTC)),
    ],
)
def test_a_suspension_with_an_end(text: str, moment: datetime) -> None:
    ana = UserFactory(username="ana")
    told = run("suspend", "ana", "--reason", "Spam.", "--until", text)
    assert f"until {moment:%Y-%m-%d %H:%M} UTC" in told
    ana.refresh_from_db()
    assert ana.suspended_until == moment


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nobody", "--reason", "x"], "no reader called nobody"),
        (["ana", "--reason", " "], "must say why"),
        (["ana", "--reason", "x", "--until", "tomorrow"], "no moment"),
        (["ana", "--reason", "x", "--until", "2131-02-31"], "no moment"),
        (["ana", "--reason", "x", "--until", "2001-01-01"], "is over"),
        (["ana", "--reason", "x", "--by", "nobody"], "no reader called nobody"),
    ],
)
def test_what_is_refused(arguments: list[str], reason: str) -> None:
    ana: Any = UserFactory(username="ana")
    with pytest.raises(CommandError, match=reason):
        run("suspend", *arguments)
    ana.refresh_from_db()
    assert ana.suspended_at is None


def test_who_left_cannot_be_suspended() -> None:
    gone = UserFactory(erased=True)
    for command in (["suspend", gone.username, "--reason", "x"], ["reinstate", gone.username]):
        with pytest.raises(CommandError, match="no reader"):
            run(*command)
