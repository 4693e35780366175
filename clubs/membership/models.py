"""Clubs, memberships, invitations, and the addresses that may not come back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bookbridge.kernel.models import Timestamped
from clubs.membership.querysets import ClubQuerySet, InvitationQuerySet, MembershipQuerySet


class Visibility(models.TextChoices):
    """Who may know of a club, and who may read what is in it."""

    PUBLIC = "public"
    PRIVATE = "private"
    HIDDEN = "hidden"


class JoinPolicy(models.TextChoices):
    """How a stranger becomes a member."""

    OPEN = "open"
    REQUEST = "request"
    INVITE = "invite"


class Role(models.TextChoices):
    """What an active member may do in the club."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class State(models.TextChoices):
    """Where one reader stands towards one club."""

    INVITED = "invited"
    REQUESTED = "requested"
    ACTIVE = "active"
    LEFT = "left"
    REMOVED = "removed"
    BANNED = "banned"


#: Club roles by rank: a role allows what a lower one allows.
RANK: dict[str, int] = {Role.MEMBER: 1, Role.MODERATOR: 2, Role.OWNER: 3}

#: Visibilities from the least to the most that others may know.
OPENNESS: dict[str, int] = {Visibility.HIDDEN: 1, Visibility.PRIVATE: 2, Visibility.PUBLIC: 3}


class Club(Timestamped):
    """A reading club.

    Life cycle: founded by its owner; *archived* (readable, nothing changes) and restored by
    the owner; *hidden* by site moderators, whatever its owner wants, and shown again; deleted
    by the owner, after which its slug is retired for ever. What everybody,
    members only, or nobody else may see of it follows from `visibility`: `visible_to` of the
    queryset is the one home of that rule.
    """

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(max_length=5000, blank=True)
    description_html = models.TextField(blank=True, editable=False)
    language = models.CharField(max_length=35, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    join_policy = models.CharField(
        max_length=10, choices=JoinPolicy.choices, default=JoinPolicy.OPEN
    )
    max_members = models.PositiveIntegerField(null=True, blank=True)
    members_count = models.PositiveIntegerField(default=0, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Hidden by site moderators: how open it was, for when they show it again.
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False)
    shown_visibility = models.CharField(
        max_length=10, blank=True, editable=False, default="", db_default=""
    )
    shown_join_policy = models.CharField(
        max_length=10, blank=True, editable=False, default="", db_default=""
    )
    list_version = models.PositiveIntegerField(default=1, editable=False)
    # Moves on the reading list: no club has moved more books lately than ever.
    moves_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = models.CharField(max_length=6000, blank=True, editable=False)

    objects = ClubQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="club_newest"),
            models.Index(fields=["-members_count", "-id"], name="club_largest"),
            models.Index(fields=["name", "id"], name="club_by_name"),
            # For figures of the public clubs, which are many of all: read without the rows.
            models.Index(
                fields=["id", "archived_at"],
                condition=Q(visibility="public"),
                name="club_public",
            ),
            # For the clubs in which most can have happened.
            models.Index(
                (F("members_count") + F("moves_count")).desc(),
                condition=Q(visibility="public", archived_at__isnull=True),
                name="club_most_done",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(visibility="hidden") | Q(join_policy="invite"),
                name="club_hidden_is_by_invitation",
            ),
            models.CheckConstraint(
                condition=Q(max_members__isnull=True) | Q(max_members__gte=1),
                name="club_max_members_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(Timestamped):
    """Where one reader stands towards one club: one row for each pair, for good.

    Life cycle: `invited` or `requested` become `active`; an active member `left`, was
    `removed` (may only ask again) or `banned` (may do neither, and the club does not exist
    for them). The role counts only while the state is `active`. `removed_at` outlives the
    state: who was removed and then asks, or takes the question back, is still somebody who
    was removed, until staff let them in again.
    """

    # Two indexes of two columns begin with the club.
    club = models.ForeignKey(
        Club, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    state = models.CharField(max_length=10, choices=State.choices)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "reader"], name="membership_one_per_reader"),
            models.UniqueConstraint(
                fields=["club"],
                condition=Q(role="owner", state="active"),
                name="membership_one_owner_per_club",
            ),
            models.CheckConstraint(
                condition=~Q(role="owner") | Q(state="active"),
                name="membership_owner_is_active",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(joined_at__isnull=False),
                name="membership_active_has_joined",
            ),
        ]
        indexes = [
            models.Index(fields=["club", "state", "joined_at", "id"], name="membership_by_joining"),
            models.Index(fields=["reader", "state"], name="membership_of_reader"),
            # For the clubs in which most happened lately.
            models.Index(
                fields=["joined_at", "club"],
                condition=Q(state="active"),
                name="membership_joined_lately",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader_id} in {self.club_id}: {self.state}"


class Invitation(models.Model):
    """An invitation: a link with a number of uses, or one addressed to a reader.

    Life cycle: open until `expires_at`, until it is used up, or until `revoked_at`. Of a link
    only the SHA-256 digest of its token is kept; the token is shown once, at creation. An
    addressed invitation has a `reader`, no token, one use and no expiry: it stands as long as
    the reader's membership is in the state `invited`.
    """

    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="invitations")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
    )
    token_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__lte=models.F("max_uses")), name="invitation_uses_within_limit"
            ),
            models.CheckConstraint(
                condition=Q(reader__isnull=False) ^ Q(token_digest__isnull=False),
                name="invitation_is_link_or_addressed",
            ),
            models.CheckConstraint(
                condition=Q(token_digest__isnull=True) | Q(expires_at__isnull=False),
                name="invitation_link_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} to club {self.club_id}"


class RetiredSlug(models.Model):
    """The slug of a deleted club: it is never given out again."""

    slug = models.SlugField(max_length=80, unique=True)
    retired_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug
