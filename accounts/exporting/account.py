"""What accounts put into a reader's export, and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from accounts.models import (
    LANGUAGES,
    SITE_ROLES,
    ModerationRecord,
    Notice,
    SecurityEvent,
    Session,
)
from accounts.moderation.models import TargetKind, Verb
from accounts.moderation.records import kept_texts
from accounts.personal_tokens.personal_data import export_tokens
from accounts.second_factor.personal_data import export_second_factor
from accounts.security.models import EventKind
from accounts.security.shapes import event_shape
from bookbridge.kernel.scopes import SCOPES
from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, moment
from bookbridge.kernel.taking_out import each

if TYPE_CHECKING:
    from accounts.models import User

#: Decisions that readers are told of; that a report was looked at is between its two sides.
TOLD = (
    Verb.WARN_READER,
    Verb.SUSPEND_READER,
    Verb.REINSTATE_READER,
    Verb.HIDE_REVIEW,
    Verb.SHOW_REVIEW,
    Verb.HIDE_CLUB,
    Verb.SHOW_CLUB,
)


def _moment(help_text: str = "") -> serializers.DateTimeField:
    return serializers.DateTimeField(allow_null=True, help_text=help_text)


class ExportedProfileSerializer(OutputSerializer):
    """The account."""

    username = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    email_verified_at = _moment()
    pending_email = serializers.EmailField(
        allow_null=True, help_text="An address that waits for its link."
    )
    display_name = serializers.CharField(allow_blank=True)
    bio = serializers.CharField(allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=SITE_ROLES))
    suspended_at = _moment()
    suspended_until = _moment()
    suspension_reason = serializers.CharField(allow_blank=True)
    last_admin_sign_in_at = _moment("The last sign-in to the admin site.")
    created_at = serializers.DateTimeField()
    leaves_at = _moment("When the account will be erased, if you asked to leave.")


class ExportedSessionSerializer(OutputSerializer):
    """One sign-in that is still kept."""

    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = _moment()
    revoked_reason = serializers.CharField(allow_blank=True)
    user_agent = serializers.CharField(allow_blank=True)
    address_prefix = serializers.CharField(allow_blank=True)


class ExportedAboutSerializer(OutputSerializer):
    """What something is about."""

    kind = serializers.CharField(allow_blank=True)
    id = serializers.CharField(allow_blank=True)


class ExportedNoticeSerializer(OutputSerializer):
    """Something that the moderators told the reader."""

    kind = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    about = ExportedAboutSerializer()
    created_at = serializers.DateTimeField()
    dismissed_at = _moment()


class ExportedKeptTextSerializer(OutputSerializer):
    """Words of the reader that the moderators keep for 90 days."""

    content = serializers.DictField(help_text="The words as they were.")
    kept_at = serializers.DateTimeField()


class ExportedEventSerializer(OutputSerializer):
    """Something that happened to the account."""

    kind = serializers.ChoiceField(choices=EventKind.choices)
    by = serializers.ChoiceField(choices=["staff"], allow_null=True)
    details = serializers.DictField()
    address_prefix = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class ExportedDecisionSerializer(OutputSerializer):
    """A decision of the moderators about the reader, or one that the reader took as staff."""

    verb = serializers.ChoiceField(choices=Verb.choices)
    target_kind = serializers.ChoiceField(choices=TargetKind.choices)
    target_id = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class ExportedSecondFactorSerializer(OutputSerializer):
    """The second factor, if there is one."""

    enabled_at = serializers.DateTimeField()
    recovery_codes_left = serializers.IntegerField()


class ExportedPersonalTokenSerializer(OutputSerializer):
    """A personal token, by its name; never the token."""

    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = _moment()
    last_used_address_prefix = serializers.CharField(allow_blank=True)
    revoked_at = _moment()


class AccountExportSerializer(OutputSerializer):
    """What accounts know of the reader; no hash and no secret."""

    profile = ExportedProfileSerializer()
    sessions = ExportedSessionSerializer(many=True)
    second_factor = ExportedSecondFactorSerializer(allow_null=True)
    personal_tokens = ExportedPersonalTokenSerializer(many=True)
    notices = ExportedNoticeSerializer(many=True)
    kept_by_moderation = ExportedKeptTextSerializer(many=True)
    security_events = ExportedEventSerializer(many=True)
    decisions_about_you = ExportedDecisionSerializer(many=True)
    decisions_by_you = ExportedDecisionSerializer(many=True)


def export(reader: User) -> dict[str, Any]:
    """The account and what hangs on it."""
    sessions = Session.objects.filter(reader=reader).order_by("pk")
    notices = Notice.objects.filter(reader=reader).order_by("pk")
    kept = kept_texts().filter(reader=reader).order_by("pk")
    events = SecurityEvent.objects.about(reader).order_by("pk").values(*event_shape.columns)
    records = ModerationRecord.objects.order_by("pk")
    return {
        "profile": _profile(reader),
        "sessions": each(sessions, _session),
        "second_factor": export_second_factor(reader),
        "personal_tokens": export_tokens(reader),
        "notices": each(notices, _notice),
        "kept_by_moderation": each(
            kept, lambda text: {"content": text.content, "kept_at": moment(text.created_at)}
        ),
        "security_events": each(events, lambda row: event_shape.told(row, reader)),
        "decisions_about_you": each(records.filter(reader=reader, verb__in=TOLD), _decision),
        "decisions_by_you": each(records.filter(actor=reader), _decision),
    }


def _profile(reader: User) -> Json:
    return {
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
        "last_admin_sign_in_at": moment(reader.last_login),
        "created_at": moment(reader.created_at),
        "leaves_at": moment(reader.leaves_at),
    }


def _session(session: Session) -> Json:
    return {
        "created_at": moment(session.created_at),
        "last_used_at": moment(session.last_used_at),
        "expires_at": moment(session.expires_at),
        "revoked_at": moment(session.revoked_at),
        "revoked_reason": session.revoked_reason,
        "user_agent": session.user_agent,
        "address_prefix": session.address_prefix,
    }


def _notice(notice: Notice) -> Json:
    return {
        "kind": notice.kind,
        "reason": notice.reason,
        "about": {"kind": notice.about_kind, "id": notice.about_id},
        "created_at": moment(notice.created_at),
        "dismissed_at": moment(notice.dismissed_at),
    }


def _decision(record: ModerationRecord) -> Json:
    return {
        "verb": record.verb,
        "target_kind": record.target_kind,
        "target_id": record.target_id,
        "reason": record.reason,
        "at": moment(record.at),
    }
