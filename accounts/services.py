"""What readers do with their accounts, and what site staff does to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import privacy, sessions
from accounts.models import SITE_ROLES, Session, User
from accounts.moderation.services import (
    lock_account,
    reinstate_reader,
    suspend_reader,
    warn_reader,
)
from accounts.registration.services import register, search_text
from accounts.sessions import open_session
from accounts.signing_in.services import recognise, sign_in
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, compare_and_set, edited
from bookbridge.kernel.errors import InvalidInput
from bookbridge.kernel.transactions import transactional

__all__ = [
    "edit_profile",
    "erase_reader",
    "leave",
    "open_session",
    "recognise",
    "register",
    "reinstate_reader",
    "set_roles",
    "sign_in",
    "sign_out",
    "suspend_reader",
    "warn_reader",
]


def sign_out(*, session: Session, others: Iterable[Session] = ()) -> None:
    """End a session, and with it the access token in hand; `others` are of the same reader."""
    for ended in (session, *others):
        sessions.revoke(session=ended, reason="signed_out")


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


@transactional
def leave(*, by: User, session: Session, expected: Versions = None) -> None:
    """Erase one's own account, at once and for good.

    Raises:
        NotAllowed: `reauthenticate`, when the sign-in is older than five minutes.
        Stale: `stale`.
    """
    sessions.require_recent(session=session)
    reader = lock_account(by)
    check_version(reader, expected)
    erase_reader(reader=reader)


@transactional
def erase_reader(*, reader: User) -> None:
    """Remove everything personal and leave an anonymous tombstone; again does no harm."""
    privacy.erase(reader)
    sessions.log_security_event("reader_erased", reader_id=reader.pk)
    announce("reader", by_id=reader.pk)
    announce("visibility", by_id=reader.pk)


@transactional
def set_roles(*, reader: User, roles: Iterable[str], by: User | None = None) -> None:
    """Give a reader exactly these site roles; who has any may enter the admin site.

    Raises:
        InvalidInput: `invalid_choice` for a role that there is not.
        Missing: the reader has left.
    """
    wanted = set(roles)
    if unknown := wanted.difference(SITE_ROLES):
        message = _("There is no such role: {role}").format(role=min(unknown))
        raise InvalidInput([("/roles", "invalid_choice", message)])
    locked = lock_account(reader)
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in SITE_ROLES}
    locked.groups.remove(*(groups[name] for name in SITE_ROLES if name not in wanted))
    locked.groups.add(*(groups[name] for name in SITE_ROLES if name in wanted))
    reader.is_staff = locked.is_staff = bool(wanted) or locked.is_superuser
    locked.save(update_fields=["is_staff", "updated_at"])
    by_id = by.pk if by else None
    sessions.log_security_event(
        "roles_changed", reader_id=reader.pk, by_id=by_id, roles=sorted(wanted)
    )
