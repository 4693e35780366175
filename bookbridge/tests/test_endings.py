"""What ends when: every event that takes a right away, against every key that a reader can hold.

A key is tried once, after the event; the control shows that without an event each opens its door.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import links
from accounts.mailbox.models import Purpose
from accounts.models import User
from accounts.personal_tokens.services import create_token
from accounts.second_factor.challenges import new_challenge
from accounts.second_factor.tests.factors import factor_of, wrong_code
from accounts.services import open_session
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tokens import issue_pair
from bookbridge.testing import ApiClient

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "nobody would think of it"
QUEUE = "moderation/reports/"
HOUR = timedelta(hours=1)
Answer = tuple[int, str | None]


class Keys:
    """Everything that opens something in the name of one moderator."""

    def __init__(self) -> None:
        self.reader: User = UserFactory(username="rita", moderator=True)
        self.admin = Client()
        self.admin.post("/admin/login/", {"username": "rita", "password": PASSWORD})
        self.secret, _codes = factor_of(self.reader)
        self.own, self.own_refresh = self._signed_in()
        self.other, self.other_refresh = self._signed_in()
        session = open_session(reader=self.reader)
        scopes = ("read", "write", "moderate")
        soon = timezone.now() + HOUR
        _row, token = create_token(
            reader=self.reader, session=session, name="script", scopes=scopes, expires_at=soon
        )
        self.script = ApiClient(Authorization=f"Bearer {token}")
        self.challenge = new_challenge(self.reader)
        self.reader.pending_email = "new@example.org"
        self.reader.save(update_fields=["pending_email"])
        self.email_link = links.issue(
            self.reader, Purpose.EMAIL, lifetime=HOUR, address="new@example.org"
        )
        self.password_link = links.issue(self.reader, Purpose.PASSWORD, lifetime=HOUR)

    def _signed_in(self) -> tuple[ApiClient, str]:
        pair = issue_pair(self.reader, open_session(reader=self.reader))
        return ApiClient(Authorization=f"Bearer {pair['access']}"), pair["refresh"]

    # -- doors --------------------------------------------------------------------------

    def own_access(self) -> Any:
        return self.own.get("users/me/")

    def other_access(self) -> Any:
        return self.other.get("users/me/")

    def own_refreshed(self) -> Any:
        return ApiClient().post("auth/token/refresh/", {"refresh": self.own_refresh})

    def other_refreshed(self) -> Any:
        return ApiClient().post("auth/token/refresh/", {"refresh": self.other_refresh})

    def moderating(self) -> Any:
        return self.other.get(QUEUE)

    def personal_token(self) -> Any:
        return self.script.get("users/me/")

    def moderating_by_token(self) -> Any:
        return self.script.get(QUEUE)

    def link_for_address(self) -> Any:
        return ApiClient().post("auth/email/verify/", {"token": self.email_link})

    def link_for_password(self) -> Any:
        body = {"token": self.password_link, "password": "yet another long one"}
        return ApiClient().post("auth/password/reset/confirm/", body)

    def half_a_sign_in(self) -> Any:
        body = {"challenge": self.challenge, "code": wrong_code(self.secret)}
        return ApiClient().post("auth/token/second-factor/", body)

    def admin_page(self) -> Any:
        return self.admin.get("/admin/")


OPEN: dict[str, Answer] = {
    "own_access": (200, None),
    "own_refreshed": (200, None),
    "other_access": (200, None),
    "other_refreshed": (200, None),
    "moderating": (200, None),
    "personal_token": (200, None),
    "moderating_by_token": (200, None),
    "link_for_address": (200, None),
    "link_for_password": (204, None),
    # The code is wrong on purpose: that it is looked at shows that the challenge counts.
    "half_a_sign_in": (401, "invalid_code"),
    "admin_page": (200, None),
}
SHUT: dict[str, Answer] = {
    **dict.fromkeys(("own_access", "own_refreshed"), (401, "session_ended")),
    **dict.fromkeys(("other_access", "other_refreshed", "moderating"), (401, "session_ended")),
    **dict.fromkeys(("personal_token", "moderating_by_token"), (401, "invalid_token")),
    **dict.fromkeys(("link_for_address", "link_for_password"), (400, "invalid_link")),
    "half_a_sign_in": (401, "invalid_challenge"),
    "admin_page": (302, None),
}
SUSPENDED = (401, "account_suspended")


def sign_out(keys: Keys) -> None:
    assert keys.own.post("auth/logout/").status_code == 204


def change_password(keys: Keys) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert keys.own.post("auth/password/change/", body).status_code == 200


def reset_password(keys: Keys) -> None:
    body = {"token": keys.password_link, "password": NEW_PASSWORD}
    assert ApiClient().post("auth/password/reset/confirm/", body).status_code == 204


def suspend(keys: Keys) -> None:
    admin = ApiClient(UserFactory(admin=True))
    assert admin.post("users/rita/suspend/", {"reason": "Spam."}).status_code == 200


def leave(keys: Keys) -> None:
    assert keys.own.delete("users/me/").status_code == 204


def end_all(keys: Keys) -> None:
    assert keys.own.post("auth/logout-all/").status_code == 204


def withdraw_role(keys: Keys) -> None:
    admin = ApiClient(UserFactory(admin=True))
    assert admin.put("users/rita/roles/", {"roles": []}).status_code == 200


def nothing(keys: Keys) -> None:
    """The control."""


EVENTS: dict[Callable[[Keys], None], dict[str, Answer]] = {
    nothing: OPEN,
    sign_out: {**OPEN, **{door: SHUT[door] for door in ("own_access", "own_refreshed")}},
    change_password: SHUT,
    reset_password: SHUT,
    suspend: {
        **SHUT,
        **dict.fromkeys(("own_access", "own_refreshed", "other_access"), SUSPENDED),
        **dict.fromkeys(("other_refreshed", "moderating"), SUSPENDED),
        **dict.fromkeys(("personal_token", "moderating_by_token"), SUSPENDED),
    },
    leave: SHUT,
    end_all: SHUT,
    withdraw_role: {
        **OPEN,
        "moderating": (403, "moderators_only"),
        "moderating_by_token": (403, "moderators_only"),
        "admin_page": SHUT["admin_page"],
    },
}


def told(response: Any) -> Answer:
    code = response.json()["code"] if response.status_code >= 400 else None
    return response.status_code, code


@pytest.mark.parametrize("door", OPEN)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_what_an_event_ends(event: Callable[[Keys], None], door: str) -> None:
    keys = Keys()
    event(keys)
    assert told(getattr(keys, door)()) == EVENTS[event][door]


def test_the_end_of_a_suspension_revives_no_session() -> None:
    keys = Keys()
    suspend(keys)
    admin = ApiClient(UserFactory(admin=True))
    assert admin.post("users/rita/reinstate/", {"reason": "Sorry."}).status_code == 200
    for door in ("own_access", "own_refreshed", "other_access", "other_refreshed", "admin_page"):
        assert told(getattr(keys, door)()) == SHUT[door], door
    for door in ("link_for_address", "link_for_password", "half_a_sign_in"):
        assert told(getattr(keys, door)()) == SHUT[door], door
    # A personal token rests while the suspension lasts: its holder would have to look for every
    # script that uses one.
    assert told(keys.personal_token()) == OPEN["personal_token"]
