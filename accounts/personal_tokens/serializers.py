"""What comes in about personal tokens, and the schemas of what goes out."""

from __future__ import annotations

from rest_framework import serializers

from bookbridge.kernel.scopes import SCOPES
from bookbridge.kernel.serializers import (
    Choice,
    InputSerializer,
    ListOf,
    Moment,
    OutputSerializer,
    Text,
)


class PersonalTokenSerializer(OutputSerializer):
    """A personal token, as its reader sees it later on."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    beginning = serializers.CharField(help_text="The first characters, to recognise it by.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(
        allow_null=True, help_text="To the minute; null when it was never used."
    )
    last_used_address_prefix = serializers.CharField(
        allow_blank=True, help_text="The network it was last used from."
    )


class NewPersonalTokenSerializer(PersonalTokenSerializer):
    """The same with the token itself, shown this once."""

    token = serializers.CharField(allow_null=True)


class PersonalTokenInput(InputSerializer):
    """A new personal token."""

    output = NewPersonalTokenSerializer

    name = Text(max_length=100, single_line=True)
    scopes = ListOf(Choice(choices=SCOPES), min_length=1, max_length=len(SCOPES))
    expires_at = Moment()
