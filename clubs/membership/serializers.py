"""What comes in about clubs and their members, and the schemas of what goes out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from bookbridge.kernel.query import ListQuery, SearchableListQuery
from bookbridge.kernel.serializers import (
    Choice,
    Flag,
    InputSerializer,
    LanguageTag,
    OutputSerializer,
    Text,
    TimeZone,
    Whole,
)
from clubs.membership.invitations import DEFAULT_DAYS, MAX_DAYS, MAX_USES
from clubs.membership.models import JoinPolicy, Role, State, Visibility

MAX_SEATS = 1_000_000
GIVEN_ROLES = [Role.MODERATOR.value, Role.MEMBER.value]


class PersonSerializer(OutputSerializer):
    """A reader, as part of something else."""

    username = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    imported = serializers.BooleanField(help_text="Came with imported ratings; nobody signs in.")


class ClubSerializer(OutputSerializer):
    """The card of a club."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True, help_text="Markdown.")
    description_html = serializers.CharField(allow_blank=True, help_text="Safe to show.")
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices)
    language = serializers.CharField()
    time_zone = serializers.CharField()
    max_members = serializers.IntegerField(allow_null=True)
    members_count = serializers.IntegerField()
    my_role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    my_state = serializers.ChoiceField(choices=State.choices, allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ClubSummarySerializer(OutputSerializer):
    """A club, as part of something else."""

    slug = serializers.CharField()
    name = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    language = serializers.CharField()
    members_count = serializers.IntegerField()
    archived_at = serializers.DateTimeField(allow_null=True)


class MembershipSerializer(OutputSerializer):
    """Where a reader stands towards a club; the role is that of an active member."""

    club = serializers.CharField(help_text="The slug.")
    reader = PersonSerializer()
    state = serializers.ChoiceField(choices=State.choices)
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    joined_at = serializers.DateTimeField(allow_null=True)


class JoinRequestSerializer(OutputSerializer):
    """A reader who asks to join."""

    reader = PersonSerializer()
    requested_at = serializers.DateTimeField()


class BanSerializer(OutputSerializer):
    """A reader for whom the club does not exist, and who decided so."""

    reader = PersonSerializer()
    reason = serializers.CharField(allow_blank=True)
    banned_by = PersonSerializer(allow_null=True)
    banned_at = serializers.DateTimeField()


class InvitationSerializer(OutputSerializer):
    """An invitation: addressed to `reader`, or a link with a number of uses and an expiry."""

    id = serializers.IntegerField()
    reader = PersonSerializer(allow_null=True)
    max_uses = serializers.IntegerField()
    uses = serializers.IntegerField()
    created_by = PersonSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class NewInvitationSerializer(InvitationSerializer):
    """An invitation with its secret, which is shown this once; null for an addressed one."""

    token = serializers.CharField(allow_null=True)
    url = serializers.URLField(allow_null=True)


class InvitationCardSerializer(OutputSerializer):
    """What whoever holds a link may know of the club."""

    club = ClubSerializer()
    expires_at = serializers.DateTimeField()


class ReceivedInvitationSerializer(OutputSerializer):
    """An open invitation addressed to oneself; `POST clubs/{slug}/join/` accepts it."""

    id = serializers.IntegerField()
    club = ClubSummarySerializer()
    invited_by = PersonSerializer(allow_null=True)
    created_at = serializers.DateTimeField()


class ClubOfReaderSerializer(OutputSerializer):
    """A club that a reader is a member of."""

    club = ClubSummarySerializer()
    role = serializers.ChoiceField(choices=Role.choices)
    joined_at = serializers.DateTimeField()


class NewClubInput(InputSerializer):
    """A club to be founded."""

    output = ClubSerializer

    name = Text(max_length=100, single_line=True)
    description = Text(max_length=5000, allow_blank=True, required=False, help_text="Markdown.")
    visibility = Choice(choices=Visibility.choices, required=False, help_text="Default: `public`.")
    join_policy = Choice(
        choices=JoinPolicy.choices,
        required=False,
        help_text=(
            "Default: `open` for a public club, `request` for a private one; a hidden club is "
            "always `invite`."
        ),
    )
    language = LanguageTag(required=False, help_text="Default: the founder's.")
    time_zone = TimeZone(required=False, help_text="Default: the founder's.")
    max_members = Whole(min_value=1, max_value=MAX_SEATS, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A hidden club with another policy than `invite` contradicts itself."""
        policy = attrs.get("join_policy", JoinPolicy.INVITE)
        if attrs.get("visibility") == Visibility.HIDDEN and policy != JoinPolicy.INVITE:
            message = _("A hidden club takes new members by invitation only.")
            raise ValidationError(
                {"join_policy": [ErrorDetail(message, "hidden_is_by_invitation")]}
            )
        return attrs


class ClubInput(NewClubInput):
    """What the owner changes about a club."""

    confirm_visibility = Flag(
        required=False, help_text="Needed to make a private or hidden club more visible."
    )


class RoleInput(InputSerializer):
    """What the owner changes about a member."""

    output = MembershipSerializer

    role = Choice(choices=GIVEN_ROLES)


class BanInput(InputSerializer):
    """Why a reader is banned."""

    output = BanSerializer

    reason = Text(max_length=300, allow_blank=True, required=False)


class InvitationInput(InputSerializer):
    """A reader to invite, or the limits of a link."""

    output = NewInvitationSerializer

    username = Text(
        max_length=48, single_line=True, required=False, help_text="Whom to invite by name."
    )
    max_uses = Whole(
        min_value=1, max_value=MAX_USES, required=False, help_text="Of a link. Default: 1."
    )
    expires_in_days = Whole(
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        help_text=f"Of a link. Default: {DEFAULT_DAYS}.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Uses and expiry belong to links."""
        if "username" in attrs and len(attrs) > 1:
            message = _("An invitation by name has one use and no expiry.")
            raise ValidationError(
                {
                    name: [ErrorDetail(message, "only_for_links")]
                    for name in attrs
                    if name != "username"
                }
            )
        return attrs


class ClubListQuery(SearchableListQuery):
    """Which clubs to list."""

    visibility = Choice(choices=Visibility.choices, required=False)
    language = LanguageTag(required=False)
    join_policy = Choice(choices=JoinPolicy.choices, required=False)
    member = Choice(choices=["me"], required=False, help_text="`me`: clubs you belong to.")
    archived = Flag(required=False)
    ordering = Choice(choices=["-created_at", "-members_count", "name"], required=False)


class MemberListQuery(SearchableListQuery):
    """Which members to list."""

    role = Choice(choices=Role.choices, required=False)
    ordering = Choice(choices=["joined_at", "-joined_at"], required=False)


class ReaderClubsQuery(ListQuery):
    """Which clubs of a reader to list."""

    archived = Flag(required=False)
