"""What accounts know of a reader: how it is taken out, and what is left when the reader leaves."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.utils import timezone

from accounts import usernames
from accounts.models import KeptText, Notice, RetiredUsername, SecretLink, Session, User
from accounts.moderation.records import kept_texts
from accounts.personal_tokens import personal_data as personal_tokens
from accounts.second_factor import personal_data as second_factor
from bookbridge.kernel.models import IdempotencyKey
from bookbridge.kernel.shapes import moment

#: Fields that tell something about a person; a test holds that each model is listed.
PERSONAL = {
    "User": [
        "username",
        "email",
        "email_verified_at",
        "pending_email",
        "display_name",
        "bio",
        "language",
        "time_zone",
        "search_text",
        "password",
        "last_login",
        "suspended_at",
        "suspended_until",
        "suspension_reason",
    ],
    "Session": ["created_at", "last_used_at", "user_agent", "address_prefix"],
    "Notice": ["kind", "reason", "about_kind", "about_id", "created_at", "dismissed_at"],
    "KeptText": ["content", "created_at"],
    **second_factor.PERSONAL,
    **personal_tokens.PERSONAL,
}


def export(reader: User) -> dict[str, Any]:
    """The account and its sessions; no hash and no secret."""
    sessions = Session.objects.filter(reader=reader).order_by("pk")
    notices = Notice.objects.filter(reader=reader).order_by("pk")
    return {
        "profile": {
            "username": reader.username,
            "email": reader.email,
            "email_verified_at": moment(reader.email_verified_at),
            "pending_email": reader.pending_email,
            "display_name": reader.display_name,
            "bio": reader.bio,
            "language": reader.language,
            "time_zone": reader.time_zone,
            "roles": reader.site_roles(),
            "suspended_at": moment(reader.suspended_at),
            "suspended_until": moment(reader.suspended_until),
            "suspension_reason": reader.suspension_reason,
            "created_at": moment(reader.created_at),
        },
        "sessions": [
            {
                "created_at": moment(session.created_at),
                "last_used_at": moment(session.last_used_at),
                "expires_at": moment(session.expires_at),
                "revoked_at": moment(session.revoked_at),
                "user_agent": session.user_agent,
                "address_prefix": session.address_prefix,
            }
            for session in sessions
        ],
        "second_factor": second_factor.export_second_factor(reader),
        "personal_tokens": personal_tokens.export_tokens(reader),
        "notices": [
            {
                "kind": notice.kind,
                "reason": notice.reason,
                "about": {"kind": notice.about_kind, "id": notice.about_id},
                "created_at": moment(notice.created_at),
                "dismissed_at": moment(notice.dismissed_at),
            }
            for notice in notices
        ],
        "kept_by_moderation": [
            {"content": kept.content, "kept_at": moment(kept.created_at)}
            for kept in kept_texts().filter(reader=reader).order_by("pk")
        ],
    }


def erase(reader: User) -> None:
    """Make the row a tombstone: nameless, without address, password, roles and sessions.

    The digest of the username stays, so that nobody is mistaken for the one who left.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=reader.pk)
    if row.erased_at is not None:
        return
    RetiredUsername.objects.get_or_create(digest=usernames.digest(row.username))
    Session.objects.filter(reader=row).delete()
    second_factor.erase_second_factor(row)
    personal_tokens.erase_tokens(row)
    SecretLink.objects.filter(reader=row).delete()
    Notice.objects.filter(reader=row).delete()
    KeptText.objects.filter(reader=row).delete()
    IdempotencyKey.objects.filter(user=row).delete()
    row.groups.clear()
    row.user_permissions.clear()
    _forget_in_admin_log(row)
    now = timezone.now()
    User.objects.filter(pk=row.pk).update(
        username=usernames.tombstone(),
        email=None,
        email_verified_at=None,
        pending_email=None,
        display_name="",
        bio="",
        language="en",
        time_zone="UTC",
        search_text="",
        password=make_password(None),
        last_login=None,
        is_staff=False,
        is_superuser=False,
        suspended_at=None,
        suspended_until=None,
        suspension_reason="",
        erased_at=now,
        updated_at=now,
        version=F("version") + 1,
    )


def _forget_in_admin_log(reader: User) -> None:
    """The admin's history repeats the name of what was changed, and the new values of fields."""
    about = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(reader.pk)
    )
    about.update(object_repr="deleted reader")
