"""Every mail can be written, in every language, and says nothing that a stranger put into it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.mails.rendering import written
from accounts.mails.texts import TEXTS
from accounts.moderation.notices import MAILED, MESSAGES

#: What each mail is given; see `accounts.mail.send`.
CONTEXTS: dict[str, dict[str, Any]] = {
    "verify_email": {"token": "Tok-en_1", "address": "ana@example.org"},
    "address_in_use": {},
    "verify_email_unknown": {},
    "password_reset": {"token": "Tok-en_1"},
    "password_reset_unknown": {},
    "password_changed": {},
    "email_change_confirm": {"token": "Tok-en_1", "address": "ana@example.org"},
    "email_change_notice": {},
    "email_changed": {},
    "refresh_token_replayed": {"session_created": "2026-11-21T10:00:00Z", "device": "Firefox"},
    "sign_in_locked": {},
    "second_factor_on": {},
    "second_factor_off": {},
    "recovery_code_used": {"left": 3},
    "personal_token_created": {"name": "script", "scopes": ["read", "write"]},
    "roles_changed": {"roles": ["moderator"]},
    "account_suspended": {"reason": "Spam.", "until": "2026-12-24T18:00:00Z"},
    "account_reinstated": {},
    "moderation_notice": {"notice": "warned", "reason": "Be kind."},
    "leaving": {"until": "2026-12-05T00:00:00Z", "token": "Tok-en_1"},
    "left": {"username": "ana"},
    "restored": {},
}


def test_there_is_a_context_for_every_text() -> None:
    assert TEXTS.keys() == CONTEXTS.keys()
    assert MESSAGES.keys() >= MAILED


@pytest.mark.parametrize("language", ["en", "pt-br"])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_it_is_written(name: str, language: str) -> None:
    subject, body = written(name, CONTEXTS[name], username="ana", language=language)
    assert subject
    assert "\n" not in subject
    assert "ana" in body
    assert "http://127.0.0.1:8000" in body
    assert not re.search(r"[{}]", subject + body), "every place is filled"
    assert "Tok-en_1" not in subject
    for line in body.splitlines():
        assert len(line) <= 72 or "/#" in line
        assert line == "-- " or line == line.rstrip()
    link = CONTEXTS[name].get("token")
    assert bool(link) == bool(re.search(r"^http\S+#Tok-en_1$", body, re.MULTILINE))


def test_links_lead_where_the_settings_say(settings: Any) -> None:
    settings.LINK_PASSWORD_RESET = "https://app.example.org/reset?t={token}"
    body = written("password_reset", {"token": "abc"}, username="ana")[1]
    assert "\nhttps://app.example.org/reset?t=abc\n" in body


def test_what_is_not_given_is_left_out() -> None:
    for_good = written("account_suspended", {"reason": "", "until": None}, username="ana")[1]
    assert "for good" in for_good
    assert "reason" not in for_good
    assert "no role" in written("roles_changed", {"roles": []}, username="ana")[1]
    assert "Open this link" not in written("leaving", {"until": "2026-12-05"}, username="ana")[1]
    assert written("password_reset_unknown", {})[1].startswith("Hello,\n")


def test_moments_are_those_of_the_readers_clock() -> None:
    context = {"reason": "Spam.", "until": "2026-12-24T18:00:00Z"}
    body = written("account_suspended", context, username="ana", time_zone="America/Sao_Paulo")[1]
    assert "Dec. 24, 2026, 3 p.m." in body


@pytest.mark.parametrize("key", ["device", "name"])
def test_strangers_cannot_put_links_or_lines_into_a_mail(key: str) -> None:
    name = {"device": "refresh_token_replayed", "name": "personal_token_created"}[key]
    evil = "Visit https://evil.example\r\nBcc: all@example.org\u202e\x00" + "x" * 500
    body = written(name, CONTEXTS[name] | {key: evil}, username="ana")[1]
    for sign in ("https://", "evil.example", "@example", "\r", "\u202e", "\x00", "x" * 101):
        assert sign not in body
    assert "\nBcc" not in body


def test_braces_in_values_are_only_braces() -> None:
    reason = "{username} {0.__class__} %s"
    body = written("moderation_notice", {"notice": "warned", "reason": reason}, username="ana")[1]
    assert reason in body


def test_a_missing_value_and_an_unknown_text_are_refused() -> None:
    with pytest.raises(KeyError):
        written("password_reset", {}, username="ana")
    with pytest.raises(KeyError):
        written("nothing", {})
