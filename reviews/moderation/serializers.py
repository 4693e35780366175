"""What comes in about moderation, and the schema of its log."""

from __future__ import annotations

from rest_framework import serializers

from accounts.moderation.models import TargetKind, Verb
from accounts.serializers import REASON_LENGTH
from bookbridge.kernel.fields import IntegerOrName
from bookbridge.kernel.query import ListQuery
from bookbridge.kernel.serializers import Choice, InputSerializer, OutputSerializer, Text, Whole
from clubs.membership.serializers import PersonSerializer


class RecordTargetSerializer(OutputSerializer):
    """What something was done to."""

    kind = serializers.ChoiceField(choices=TargetKind.choices)
    id = IntegerOrName(allow_null=True, help_text="Null when it is gone, or not for you to know.")


class RecordSerializer(OutputSerializer):
    """One act of site staff."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = PersonSerializer(allow_null=True, help_text="Null for commands of the operators.")
    verb = serializers.ChoiceField(choices=Verb.choices)
    target = RecordTargetSerializer()
    reader = PersonSerializer(allow_null=True, help_text="Whom it concerns.")
    reason = serializers.CharField(allow_blank=True)
    before = serializers.DictField()
    after = serializers.DictField()


class RecordListQuery(ListQuery):
    """The parameters of the log."""

    verb = Choice(choices=Verb.choices, required=False)
    kind = Choice(choices=TargetKind.choices, required=False)
    by = Text(max_length=48, single_line=True, required=False, help_text="A username.")
    reader = Text(max_length=48, single_line=True, required=False, help_text="A username.")


class MergeInput(InputSerializer):
    """The book that remains, and why."""

    into = Whole(min_value=1)
    reason = Text(max_length=REASON_LENGTH, allow_blank=True, required=False)
