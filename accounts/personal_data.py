"""What accounts and the kernel know of a reader, and what is left when the reader leaves.

How it is taken out is in `exporting/account.py`.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as AdminSession
from django.db.models import F
from django.utils import timezone

from accounts import usernames
from accounts.exporting.account import AccountExportSerializer as ExportSerializer
from accounts.exporting.account import export
from accounts.models import KeptText, Notice, RetiredUsername, SecretLink, Session, User
from accounts.moderation.models import TargetKind
from accounts.personal_tokens import personal_data as personal_tokens
from accounts.population import count_readers
from accounts.second_factor import personal_data as second_factor
from accounts.security.records import forget_traces_of
from bookbridge.kernel import idempotency
from bookbridge.kernel.outbox import services as outbox

__all__ = ["EXEMPT", "PERSONAL", "ExportSerializer", "erase", "export"]

#: Fields that tell something about a person, by model; also of the kernel and of Django.
PERSONAL = {
    "accounts.User": [
        "username",
        "email",
        "email_verified_at",
        "pending_email",
        "pending_email",
        "display_name",
        "bio",
        "language",
        "time_zone",
        "search_text",
        "password",
        "last_login",
        "groups",
        "user_permissions",
        "is_staff",
        "is_superuser",
        "suspended_at",
        "suspended_until",
        "suspension_reason",
        "leaves_at",
    ],
    "accounts.Session": [
        "reader",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
        "revoked_reason",
        "refresh_jti",
        "user_agent",
        "address_prefix",
    ],
    "accounts.Notice": [
        "reader",
        "kind",
        "reason",
        "about_kind",
        "about_id",
        "created_at",
        "dismissed_at",
    ],
    "accounts.KeptText": ["reader", "content", "created_at"],
    "accounts.SecurityTrace": ["address_prefix", "user_agent", "created_at"],
    "accounts.ModerationRecord": ["reader", "actor"],
    "accounts.SecurityEvent": ["reader", "by", "kind", "details", "created_at"],
    "accounts.RetiredUsername": ["digest"],
    "accounts.SecretLink": ["reader", "digest", "about", "created_at", "expires_at", "used_at"],
    **second_factor.PERSONAL,
    **personal_tokens.PERSONAL,
    "kernel.IdempotencyKey": ["user", "body", "location"],
    "kernel.OutboxJob": ["reader", "sealed_payload", "group", "last_error"],
    "admin.LogEntry": ["user", "object_repr", "change_message"],
    "sessions.Session": ["session_data"],
}

#: Fields that could be personal by their type and are not, and why.
EXEMPT = {
    "accounts.User.import_source": "the name of a data set",
    "accounts.ModerationRecord.verb": "a word of the program",
    "accounts.ModerationRecord.reason": "words of staff, who are told to name nobody",
    "accounts.ModerationRecord.before": "keys and states; no words of readers, by its service",
    "accounts.ModerationRecord.after": "keys and states; no words of readers, by its service",
    "kernel.IdempotencyKey.path": "a digest",
    "kernel.IdempotencyKey.key": "chosen by a program; goes with the row",
    "kernel.IdempotencyKey.fingerprint": "a digest",
    "kernel.LimitCounter.key": "a keyed digest",
    "kernel.OutboxJob.kind": "a word of the program",
    "kernel.OutboxJob.label": "the name of a text, a word of the program",
    "accounts.SecretLink.purpose": "a word of the program",
    "accounts.SigningKey.kid": "a digest of a public key of the server",
    "accounts.SigningKey.public": "a public key of the server",
    "accounts.SigningKey.sealed_seed": "a key of the server",
    "admin.LogEntry.object_id": "a key",
    "sessions.Session.session_key": "random; goes with the row",
}


def erase(reader: User) -> None:
    """Make the row a tombstone: nameless, without address, password, roles and sessions.

    A keyed digest of the username stays, so that nobody is mistaken for the one who left.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=reader.pk)
    if row.erased_at is not None:
        return
    RetiredUsername.objects.get_or_create(digest=usernames.digest(row.username))
    Session.objects.filter(reader=row).delete()
    second_factor.erase_second_factor(row)
    personal_tokens.erase_tokens(row)
    SecretLink.objects.filter(reader=row).delete()
    KeptText.objects.filter(reader=row).delete()
    _forget_notices(row)
    forget_traces_of(row.pk)
    idempotency.forget(row.pk, row.username)
    outbox.forget(row.pk)
    _end_admin_sessions(row)
    _forget_in_admin_log(row)
    row.groups.clear()
    row.user_permissions.clear()
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
        leaves_at=None,
        erased_at=now,
        updated_at=now,
        version=F("version") + 1,
    )
    count_readers([row.pk], -1)


def _forget_notices(reader: User) -> None:
    """Their own, and what notices to others call them."""
    Notice.objects.filter(reader=reader).delete()
    about = Notice.objects.filter(about_kind=TargetKind.READER, about_id=reader.username)
    about.update(about_kind="", about_id="")


def _end_admin_sessions(reader: User) -> None:
    """Rows of Django's sessions say whose they are only inside; there are few, all of staff."""
    sessions: Any = AdminSession.objects.iterator(chunk_size=500)
    own = str(reader.pk)
    keys = [row.pk for row in sessions if row.get_decoded().get("_auth_user_id") == own]
    AdminSession.objects.filter(pk__in=keys).delete()


def _forget_in_admin_log(reader: User) -> None:
    """The admin's history repeats the name of what was changed, and the new values of fields."""
    about = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(reader.pk)
    )
    about.update(object_repr="deleted reader", change_message="")
    # What they did themselves stays, with a key alone.
    LogEntry.objects.filter(user=reader).update(change_message="")
