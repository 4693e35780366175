"""What comes in about second factors, and the schemas of what goes out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts import passwords
from bookbridge.kernel.serializers import InputSerializer, OutputSerializer, Text

PROOFS = ("code", "recovery_code")


class Code(Text):
    """Six digits, as authenticator apps show them."""

    default_error_messages = {"invalid_format": gettext_lazy("A code has six digits.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pattern=r"[0-9]{3} ?[0-9]{3}", max_length=7, single_line=True, **kwargs)


class SecondFactorSerializer(OutputSerializer):
    """Whether sign-in asks for a code."""

    enabled = serializers.BooleanField()
    enabled_at = serializers.DateTimeField(allow_null=True)
    recovery_codes_left = serializers.IntegerField()


class SecretSerializer(OutputSerializer):
    """What an authenticator app needs; shown this once."""

    secret = serializers.CharField(help_text="In base32, to be typed in.")
    otpauth_uri = serializers.CharField(help_text="The same as a link, to be shown as a QR code.")


class RecoveryCodesSerializer(OutputSerializer):
    """Codes that stand in for the app; shown this once, each is good once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class BeginInput(InputSerializer):
    """The password, unless the sign-in is younger than five minutes."""

    password = Text(max_length=passwords.MAX_LENGTH, trim_whitespace=False, required=False)


class ConfirmInput(InputSerializer):
    """A first code."""

    code = Code()


class ProofInput(InputSerializer):
    """Exactly one of a code and a recovery code."""

    code = Code(required=False)
    recovery_code = Text(
        max_length=40, single_line=True, required=False, help_text="Such as `k7mn-2pxw-9dfa`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and both."""
        given = [name for name in PROOFS if name in attrs]
        if len(given) != 1:
            message = _("Give exactly one of: {names}.").format(names=", ".join(PROOFS))
            fault = [ErrorDetail(message, "exactly_one")]
            raise ValidationError(dict.fromkeys(given or PROOFS[:1], fault))
        return attrs


class RedeemInput(ProofInput):
    """The challenge of a sign-in, and what answers it."""

    challenge = Text(max_length=200, single_line=True)
