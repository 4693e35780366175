"""What comes in and goes out about addresses and new passwords."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers

from accounts import passwords
from bookbridge.kernel.serializers import EmailText, InputSerializer, OutputSerializer, Text

TOKEN_LENGTH = 200


class AddressSerializer(OutputSerializer):
    """The address of an account, and one that waits for its link."""

    email = serializers.EmailField(allow_null=True, help_text="The one that counts.")
    email_verified = serializers.BooleanField()
    pending_email = serializers.EmailField(
        allow_null=True, help_text="Counts once its link was opened."
    )


class VerifyAddressInput(InputSerializer):
    """The token of a link."""

    token = Text(max_length=TOKEN_LENGTH, single_line=True)


class AddressInput(InputSerializer):
    """An e-mail address."""

    email = EmailText()


class ChangeAddressInput(AddressInput):
    """Another address, and the present password unless the sign-in is young."""

    password = Text(max_length=passwords.MAX_LENGTH, trim_whitespace=False, required=False)


class NewPassword(Text):
    """A password as it may be chosen."""

    def __init__(self) -> None:
        super().__init__(
            min_length=settings.PASSWORD_MIN_LENGTH,
            max_length=passwords.MAX_LENGTH,
            trim_whitespace=False,
        )


class ResetPasswordInput(InputSerializer):
    """The token of a link, and a new password."""

    token = Text(max_length=TOKEN_LENGTH, single_line=True)
    password = NewPassword()


class ChangePasswordInput(InputSerializer):
    """The present password, and a new one."""

    current_password = Text(max_length=passwords.MAX_LENGTH, trim_whitespace=False)
    new_password = NewPassword()
