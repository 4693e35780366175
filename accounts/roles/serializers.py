"""What comes in about site roles, and the schema of what goes out."""

from __future__ import annotations

from rest_framework import serializers

from accounts.models import SITE_ROLES
from bookbridge.kernel.fields import ListOf
from bookbridge.kernel.serializers import Choice, InputSerializer, OutputSerializer


class RolesSerializer(OutputSerializer):
    """The site roles of a reader."""

    username = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=SITE_ROLES))


class RolesInput(InputSerializer):
    """All site roles that a reader is to have; an empty list withdraws them all."""

    roles = ListOf(child=Choice(choices=SITE_ROLES), max_length=len(SITE_ROLES))
