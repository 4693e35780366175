"""Where verification is on, no answer tells whether an address has an account.

Each pair of requests differs in that alone. What must be alike: status, headers and body byte for
byte, apart from what the asker sent and from what differs between any two requests; the number of
statements and of mails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.conftest import Mails
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel import limits
from bookbridge.testing import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verification")]
#: Differs between any two requests, or counts them.
PASSING = {"X-Request-ID", "RateLimit", "Content-Length"}
KNOWN, UNKNOWN = "known@example.org", "other@example.org"
LINK = "x" * 43


@dataclass(frozen=True)
class Asked:
    """What one request was answered, and what it did."""

    status: int
    headers: dict[str, str]
    body: str
    statements: list[str]
    mails: int


@pytest.fixture(autouse=True)
def _no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PURGE_CHANCE", 0)


@pytest.fixture(autouse=True)
def _somebody(db: None) -> None:
    UserFactory(username="somebody", email=KNOWN)


def ask(mails: Mails, path: str, body: dict[str, Any], number: int) -> Asked:
    """Send one request, from an address of its own."""
    mails()
    client = ApiClient()
    client.client.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
    with CaptureQueriesContext(connection) as captured:
        response = client.post(path, body)
    text = response.content.decode()
    headers = {name: value for name, value in response.headers.items() if name not in PASSING}
    for name, sent in body.items():
        text = text.replace(str(sent), f"<{name}>")
        headers = {key: value.replace(str(sent), f"<{name}>") for key, value in headers.items()}
    text = re.sub(r'"request_id":"[^"]+"', '"request_id":""', text)
    # Of statements the shape: the tables, in their order.
    shapes = [
        re.sub(r"'[^']*'|\d+|NULL|None", "?", query["sql"])[:60]
        for query in captured.captured_queries
    ]
    return Asked(response.status_code, headers, text, shapes, len(mails()))


PAIRS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "sign-in by address": (
        "auth/token/",
        {"email": KNOWN, "password": "wrong password"},
        {"email": UNKNOWN, "password": "wrong password"},
    ),
    "sign-in by login": (
        "auth/token/",
        {"login": KNOWN, "password": "wrong password"},
        {"login": UNKNOWN, "password": "wrong password"},
    ),
    "registration": (
        "auth/register/",
        {"username": "newcomer", "email": KNOWN, "password": PASSWORD},
        {"username": "othernew", "email": UNKNOWN, "password": PASSWORD},
    ),
    "reset": ("auth/password/reset/", {"email": KNOWN}, {"email": UNKNOWN}),
    "resend": ("auth/email/resend/", {"email": KNOWN}, {"email": UNKNOWN}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_answer_tells_nothing(name: str, mails: Mails) -> None:
    path, known, unknown = PAIRS[name]
    first, second = ask(mails, path, known, 1), ask(mails, path, unknown, 2)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.headers == second.headers
    assert first.mails == second.mails
    assert first.statements == second.statements


def test_an_address_that_waits_is_asked_for_alike(mails: Mails) -> None:
    UserFactory(unverified=True, pending_email=KNOWN.replace("known", "waits"))
    for path in ("auth/email/resend/", "auth/password/reset/"):
        waits = ask(mails, path, {"email": "waits@example.org"}, 1)
        nobody = ask(mails, path, {"email": "other@example.org"}, 2)
        assert waits == nobody
        assert waits.mails == 1


def test_a_change_of_address_tells_nothing(mails: Mails) -> None:
    answers = []
    for number, email in enumerate((KNOWN, UNKNOWN)):
        client = ApiClient(UserFactory(email=f"old{number}@example.org"))
        mails()
        with CaptureQueriesContext(connection) as captured:
            response = client.post("auth/email/change/", {"email": email, "password": PASSWORD})
        body = response.content.decode().replace(email, "").replace(f"old{number}", "")
        answers.append((response.status_code, body, len(captured), len(mails())))
    assert answers[0] == answers[1]
    assert answers[0][3] == 2


def test_beyond_the_limit_both_are_silent(mails: Mails, settings: Any) -> None:
    settings.MAILS_TO_ADDRESS_AN_HOUR = 1
    for number, email in enumerate((KNOWN, UNKNOWN)):
        assert ask(mails, "auth/email/resend/", {"email": email}, number).mails == 1
    for path in ("auth/email/resend/", "auth/password/reset/"):
        first = ask(mails, path, {"email": KNOWN}, 1)
        second = ask(mails, path, {"email": UNKNOWN}, 2)
        assert first == second
        assert (first.status, first.mails) == (202, 0)


def test_the_test_would_see_a_difference(mails: Mails, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = False
    path, known, unknown = PAIRS["registration"]
    assert ask(mails, path, known, 1).status != ask(mails, path, unknown, 2).status


def test_a_link_that_is_over_looks_like_one_that_never_was(mails: Mails) -> None:
    ask(mails, "auth/password/reset/", {"email": KNOWN}, 1)
    ask(mails, "auth/password/reset/", {"email": UNKNOWN}, 2)
    bodies = [
        ask(mails, "auth/password/reset/confirm/", {"token": token, "password": PASSWORD}, 3)
        for token in (LINK, "y" * 43)
    ]
    assert bodies[0] == bodies[1]
