"""What comes in about reports, and the schemas of what goes out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.moderation.models import TargetKind
from accounts.serializers import REASON_LENGTH
from bookbridge.kernel.fields import IntegerOrName
from bookbridge.kernel.query import ListQuery
from bookbridge.kernel.serializers import Choice, InputSerializer, Moment, OutputSerializer, Text
from clubs.membership.serializers import PersonSerializer
from reviews.reports.models import KIND_CHOICES, Action, Reason, ReportStatus

NAMES = "Of a review its id, of a club its slug, of a reader their username."


class ReportTargetSerializer(OutputSerializer):
    """What was reported."""

    kind = serializers.ChoiceField(choices=KIND_CHOICES)
    id = IntegerOrName(
        allow_null=True, help_text=NAMES + " Null when it is gone, or not for you to know."
    )


class OwnReportSerializer(OutputSerializer):
    """A report, as who made it sees it."""

    id = serializers.IntegerField()
    target = ReportTargetSerializer()
    reason = serializers.ChoiceField(choices=Reason.choices)
    comment = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=ReportStatus.choices)
    decision_reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class QueuedReportSerializer(OwnReportSerializer):
    """A report, as site moderators see it."""

    reporter = PersonSerializer(allow_null=True)
    about = PersonSerializer(allow_null=True, help_text="Who answers for what was reported.")
    other_reports = serializers.IntegerField(help_text="How many more are open about the same.")
    action = serializers.ChoiceField(choices=Action.choices, allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    decided_by = PersonSerializer(allow_null=True)


class ReportSerializer(QueuedReportSerializer):
    """A report with the words that were reported."""

    kept = serializers.DictField(
        allow_null=True,
        help_text="The words as they were; null when they are forgotten: after 90 days, or when "
        "their author left.",
    )
    allowed = serializers.ListField(
        child=serializers.ChoiceField(choices=Action.choices),
        help_text="What can be done when it is upheld; empty when it is decided.",
    )


class TargetInput(InputSerializer):
    """What is reported."""

    kind = Choice(choices=KIND_CHOICES)
    id = IntegerOrName(help_text=NAMES)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reviews have numbers, the others names."""
        if (attrs["kind"] == TargetKind.REVIEW) != isinstance(attrs["id"], int):
            raise ValidationError({"id": [ErrorDetail(_("Give an id, or a name."), "invalid")]})
        return attrs


class ReportInput(InputSerializer):
    """A report."""

    output = OwnReportSerializer

    target = TargetInput()
    reason = Choice(choices=Reason.choices)
    comment = Text(max_length=1000, allow_blank=True, required=False)


class UpholdInput(InputSerializer):
    """What is done, and why."""

    action = Choice(choices=Action.choices)
    reason = Text(max_length=REASON_LENGTH)
    until = Moment(required=False, allow_null=True, help_text="The end of a suspension.")


class DismissInput(InputSerializer):
    """Why nothing is done."""

    reason = Text(max_length=REASON_LENGTH)


class ReportListQuery(ListQuery):
    """The parameters of lists of reports."""

    status = Choice(choices=ReportStatus.choices, required=False)
    kind = Choice(choices=KIND_CHOICES, required=False)
    reason = Choice(choices=Reason.choices, required=False)
    ordering = Choice(choices=["-created_at", "created_at"], required=False)
