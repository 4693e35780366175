"""What must be true of clubs, who belongs to them, and invitations."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from bookbridge.invariants.checks import query_check, sql_check
from clubs.models import Club, Invitation, Membership, RetiredSlug

#: Clocks of several servers differ by some seconds.
CLOCK_SLACK = timedelta(minutes=5)

CHECKS = [
    sql_check(
        "club_has_one_owner",
        "every club that is not archived has exactly one active owner, an archived one at most one",
        "clubs_club",
        """
        SELECT c.id, coalesce(o.n, 0) AS kept, 1 AS counted FROM clubs_club c
        LEFT JOIN (
            SELECT club_id, count(*) AS n FROM clubs_membership
            WHERE role = 'owner' AND state = 'active' GROUP BY club_id
        ) o ON o.club_id = c.id
        WHERE coalesce(o.n, 0) > 1 OR (coalesce(o.n, 0) = 0 AND c.archived_at IS NULL)
        ORDER BY c.id
        """,
    ),
    query_check(
        "hidden_club_is_by_invitation",
        "a hidden club takes new members by invitation only",
        lambda: Club.objects.filter(visibility="hidden").exclude(join_policy="invite"),
        "join_policy",
    ),
    query_check(
        "retired_slug_in_use",
        "the slug of a deleted club is never given out again",
        lambda: Club.objects.filter(Exists(RetiredSlug.objects.filter(slug=OuterRef("slug")))),
        "slug",
    ),
    query_check(
        "club_slug_form",
        "a slug is of small letters and digits with single hyphens between them",
        lambda: Club.objects.exclude(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
        "slug",
    ),
    query_check(
        "role_only_of_active_members",
        "only active members have a role above member",
        lambda: Membership.objects.exclude(state="active").exclude(role="member"),
        "state",
        "role",
    ),
    query_check(
        "active_member_has_joined",
        "an active member has the moment of joining",
        lambda: Membership.objects.filter(state="active", joined_at__isnull=True),
    ),
    query_check(
        "removal_has_its_moment",
        "who was removed or banned has the moment of it, an active member has none",
        lambda: Membership.objects.filter(
            Q(state__in=("removed", "banned"), removed_at__isnull=True)
            | Q(state="active", removed_at__isnull=False)
        ),
        "state",
    ),
    query_check(
        "invitation_uses_within_limit",
        "an invitation is used at most as often as it may be",
        lambda: Invitation.objects.filter(uses__gt=F("max_uses")),
        "uses",
        "max_uses",
    ),
    query_check(
        "addressed_invitation_stands",
        "an open invitation to a reader stands as long as the reader is invited",
        lambda: (
            Invitation.objects.open()
            .filter(reader__isnull=False)
            .exclude(
                Exists(
                    Membership.objects.filter(
                        club=OuterRef("club"), reader=OuterRef("reader"), state="invited"
                    )
                )
            )
        ),
    ),
    query_check(
        "club_moments_are_past",
        "nobody joined, was removed or was invited in the future",
        lambda: Membership.objects.filter(
            Q(joined_at__gt=timezone.now() + CLOCK_SLACK)
            | Q(removed_at__gt=timezone.now() + CLOCK_SLACK)
        ),
    ),
]
