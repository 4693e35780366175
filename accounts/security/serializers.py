"""The schemas of the security record."""

from __future__ import annotations

from rest_framework import serializers

from accounts.security.models import EventKind
from bookbridge.kernel.query import ListQuery
from bookbridge.kernel.serializers import Choice, OutputSerializer


class SecurityEventSerializer(OutputSerializer):
    """Something that happened to your account."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=EventKind.choices)
    message = serializers.CharField(help_text="In the language of the request.")
    by = serializers.ChoiceField(
        choices=["staff"], allow_null=True, help_text="`staff`, or null where it was not staff."
    )
    details = serializers.DictField(help_text="Keys and words of the program, by name.")
    address_prefix = serializers.CharField(
        allow_null=True, help_text="The network it came from; forgotten after 90 days."
    )
    user_agent = serializers.CharField(
        allow_null=True, help_text="The device it came from; forgotten after 90 days."
    )
    created_at = serializers.DateTimeField()


class SecurityQuery(ListQuery):
    """One kind of event, or all."""

    kind = Choice(choices=EventKind.choices, required=False)
