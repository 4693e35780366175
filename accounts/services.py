"""What readers do with their accounts, and what site staff does to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts import sessions
from accounts.leaving.services import erase_reader, leave
from accounts.models import Session, User
from accounts.moderation.services import (
    reinstate_reader,
    suspend_reader,
    warn_reader,
)
from accounts.registration.services import register, search_text
from accounts.roles.services import set_roles
from accounts.security.records import record_event
from accounts.sessions import open_session
from accounts.signing_in.services import recognise, sign_in
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, compare_and_set, edited
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.transactions import transactional

__all__ = [
    "edit_profile",
    "end_session",
    "erase_reader",
    "leave",
    "open_session",
    "recognise",
    "register",
    "reinstate_reader",
    "set_roles",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "suspend_reader",
    "warn_reader",
]


def sign_out(*, session: Session, others: Iterable[Session] = ()) -> None:
    """End a session, and with it the access token in hand; `others` are of the same reader."""
    for ended in (session, *others):
        sessions.revoke(session=ended, reason="signed_out")
        record_event("signed_out", reader_id=ended.reader_id, session=ended.pk)


@transactional
def end_session(*, by: User, session_id: int, address: str = "", user_agent: str = "") -> None:
    """End one of one's own sessions.

    Arguments:
        address, user_agent: where the request came from, for the security record.

    Raises:
        Missing: there is none, or it is somebody else's, or it has ended.
    """
    session = Session.objects.of(by).filter(pk=session_id).first()
    if session is None or not sessions.revoke(session=session, reason="ended_by_reader"):
        raise Missing()
    record_event(
        "session_ended",
        reader_id=by.pk,
        address=address,
        user_agent=user_agent,
        session=str(session.uid),
    )


@transactional
def sign_out_everywhere(*, by: User, address: str = "", user_agent: str = "") -> None:
    """End everything that opens something in one's own name."""
    sessions.end_everything(by, reason="signed_out_everywhere")
    record_event("signed_out_everywhere", reader_id=by.pk, address=address, user_agent=user_agent)


def edit_profile(*, by: User, changes: dict[str, Any], expected: Versions = None) -> None:
    """Change `display_name`, `bio`, `language` and `time_zone` of oneself, as far as given.

    Raises:
        Stale: `stale`, when the profile is in none of the `expected` versions.
    """
    new = edited(by, changes)
    if not new:
        check_version(by, expected)
        return
    if "display_name" in new:
        new["search_text"] = search_text(by.username, new["display_name"])
    reader = User.objects.visible().filter(pk=by.pk)
    compare_and_set(reader, expected, updated_at=timezone.now(), **new)
    announce("reader", by_id=by.pk)
