"""What comes in about reading lists, and the schemas of what goes out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from bookbridge.kernel.query import ListQuery
from bookbridge.kernel.serializers import (
    Choice,
    InputSerializer,
    ListOf,
    OutputSerializer,
    Text,
    Whole,
)
from clubs.books.serializers import BookCardSerializer
from clubs.membership.serializers import PersonSerializer
from clubs.reading.models import Status
from clubs.reading.moves import FIRST

STATUSES = [str(status) for status in Status]
FIRST_STATUSES = [str(status) for status in FIRST]


class EntrySerializer(OutputSerializer):
    """A book on the reading list of a club."""

    id = serializers.IntegerField()
    book = BookCardSerializer()
    status = serializers.ChoiceField(choices=STATUSES)
    position = serializers.IntegerField()
    pitch = serializers.CharField(allow_blank=True)
    proposed_by = PersonSerializer(allow_null=True)
    supporters_count = serializers.IntegerField()
    supported_by_me = serializers.BooleanField()
    started_on = serializers.DateField(allow_null=True)
    finished_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()


class EntryInput(InputSerializer):
    """A book for the list: one of the catalogue, or any by its ISBN."""

    output = EntrySerializer

    book = Whole(min_value=1, required=False)
    isbn = Text(max_length=32, single_line=True, required=False)
    pitch = Text(max_length=300, allow_blank=True, required=False)
    status = Choice(
        choices=FIRST_STATUSES,
        required=False,
        help_text="Where it starts; anything but `proposed` is for staff.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse neither and both."""
        if ("book" in attrs) == ("isbn" in attrs):
            fault = [ErrorDetail(_("Give either a book or an ISBN."), "exactly_one")]
            raise ValidationError({"isbn" if "isbn" in attrs else "book": fault})
        return attrs


class EntryEditInput(InputSerializer):
    """What may be changed of an entry: its status by staff, its pitch by who proposed it."""

    output = EntrySerializer

    pitch = Text(max_length=300, allow_blank=True, required=False)
    status = Choice(choices=STATUSES, required=False)


class OrderSerializer(OutputSerializer):
    """The order of a reading list."""

    order = serializers.ListField(child=serializers.IntegerField())


class OrderInput(InputSerializer):
    """The order a reading list shall have: every entry once."""

    order = ListOf(Whole(min_value=1), allow_empty=True)


class EntryListQuery(ListQuery):
    """The parameters of a reading list."""

    status = Choice(choices=STATUSES, required=False)
