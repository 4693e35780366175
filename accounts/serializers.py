"""What comes in about accounts, and the schemas of what goes out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts import passwords, usernames
from accounts.models import LANGUAGES, SITE_ROLES
from accounts.moderation.models import TargetKind
from accounts.moderation.notices import MESSAGES
from bookbridge.kernel.fields import IntegerOrName
from bookbridge.kernel.serializers import (
    Choice,
    EmailText,
    InputSerializer,
    Moment,
    OutputSerializer,
    Text,
    TimeZone,
)

REASON_LENGTH = 1000
LOGINS = ("login", "username", "email")


class Username(Text):
    """A username as it may be chosen; capitals become small letters."""

    default_error_messages = {
        "invalid_format": gettext_lazy(
            "Use 3 to 30 letters from a to z, digits, hyphens and underscores."
        ),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pattern=usernames.PATTERN, max_length=30, single_line=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The username in lower case."""
        return super().to_internal_value(data).lower()


class AccountSerializer(OutputSerializer):
    """What registration answers."""

    username = serializers.CharField()
    email = serializers.EmailField()
    email_verified = serializers.BooleanField(help_text="Whether the address counts already.")
    display_name = serializers.CharField(allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGES)


class ProfileSerializer(OutputSerializer):
    """A reader as everybody may see them."""

    username = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    imported = serializers.BooleanField(help_text="Came with imported ratings; nobody signs in.")
    bio = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class NoticeAboutSerializer(OutputSerializer):
    """What a notice is about."""

    kind = serializers.ChoiceField(choices=TargetKind.choices)
    id = IntegerOrName(help_text="The id; of a club its slug.")


class NoticeSerializer(OutputSerializer):
    """Something that the moderators decided."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="One of: " + ", ".join(f"`{kind}`" for kind in MESSAGES))
    message = serializers.CharField(help_text="In the language of the request.")
    reason = serializers.CharField(allow_blank=True, help_text="In the moderator's words.")
    about = NoticeAboutSerializer(allow_null=True)
    created_at = serializers.DateTimeField()


class SuspensionSerializer(OutputSerializer):
    """Whether a reader is shut out."""

    username = serializers.CharField()
    suspended_at = serializers.DateTimeField(allow_null=True)
    suspended_until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class OwnProfileSerializer(ProfileSerializer):
    """A reader as they see themselves."""

    email = serializers.EmailField(allow_null=True, help_text="The address that counts.")
    email_verified = serializers.BooleanField()
    pending_email = serializers.EmailField(
        allow_null=True, help_text="An address that counts once its link was opened."
    )
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=SITE_ROLES))
    leaves_at = serializers.DateTimeField(
        allow_null=True, help_text="When the account is erased, if you asked to leave."
    )
    notices = NoticeSerializer(many=True, help_text="What you have not dismissed, newest first.")


class TokenPairSerializer(OutputSerializer):
    """Two tokens: one opens the API, the other buys the next pair, once."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good for.")


class NothingSerializer(OutputSerializer):
    """An empty object."""


class RegisterInput(InputSerializer):
    """A new account."""

    output = AccountSerializer

    username = Username()
    email = EmailText()
    password = Text(
        min_length=settings.PASSWORD_MIN_LENGTH,
        max_length=passwords.MAX_LENGTH,
        trim_whitespace=False,
    )
    display_name = Text(max_length=80, single_line=True, allow_blank=True, required=False)
    language = Choice(choices=LANGUAGES, required=False)


class SignInInput(InputSerializer):
    """A password, and exactly one way to say whose it is."""

    login = Text(
        max_length=254, single_line=True, required=False, help_text="A username or an address."
    )
    username = Text(max_length=254, single_line=True, required=False)
    email = Text(max_length=254, single_line=True, required=False)
    password = Text(max_length=passwords.MAX_LENGTH, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and more than one."""
        given = [name for name in LOGINS if name in attrs]
        if len(given) != 1:
            message = _("Give exactly one of: {names}.").format(names=", ".join(LOGINS))
            fault = [ErrorDetail(message, "exactly_one")]
            raise ValidationError(dict.fromkeys(given or LOGINS[:1], fault))
        return attrs


class RefreshInput(InputSerializer):
    """A refresh token."""

    refresh = Text(max_length=4096)


class SignOutInput(InputSerializer):
    """Optionally the refresh token, for clients that hold one of another session too."""

    refresh = Text(max_length=4096, required=False)


class VerifyInput(InputSerializer):
    """A token of either kind."""

    token = Text(max_length=4096)


class ProfileInput(InputSerializer):
    """What readers change about themselves."""

    output = OwnProfileSerializer

    display_name = Text(max_length=80, single_line=True, allow_blank=True, required=False)
    bio = Text(max_length=1000, allow_blank=True, required=False)
    language = Choice(choices=LANGUAGES, required=False)
    time_zone = TimeZone(required=False)


class SuspendInput(InputSerializer):
    """Why, and until when; without an end for good."""

    reason = Text(max_length=REASON_LENGTH)
    until = Moment(required=False, allow_null=True)


class ReasonInput(InputSerializer):
    """Why."""

    reason = Text(max_length=REASON_LENGTH, allow_blank=True, required=False)
