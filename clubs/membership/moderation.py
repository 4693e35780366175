"""What site moderators do to a club: hide it from everybody but its members, and show it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from accounts.moderation.models import TargetKind, Verb
from accounts.moderation.notices import notify
from accounts.moderation.records import keep_record
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.transactions import transactional
from clubs.membership.lifecycle import tell_lifecycle
from clubs.membership.models import Club, JoinPolicy, Membership, Role, State, Visibility
from clubs.membership.standing import lock_club

if TYPE_CHECKING:
    from accounts.models import User


@transactional
def hide_club(*, club: Club, by: User | None, reason: str) -> Club:
    """Make a club hidden, against the will of its owner; its reviews count no longer.

    How visible it was is kept, for when it is shown again. Hiding what the moderators have
    hidden changes nothing.

    Raises:
        Missing: 404, the club was deleted.
    """
    club = lock_club(club.pk)
    if club.hidden_at is not None:
        return club
    before = {"visibility": club.visibility, "join_policy": club.join_policy}
    club.hidden_at = timezone.now()
    club.shown_visibility, club.shown_join_policy = club.visibility, club.join_policy
    _become(club, Visibility.HIDDEN, JoinPolicy.INVITE, by=by)
    _record(club, Verb.HIDE_CLUB, "club_hidden", by=by, reason=reason, before=before)
    return club


@transactional
def show_club(*, club: Club, by: User | None, reason: str) -> Club:
    """Make a club that the moderators hid as visible as it was; it counts as before.

    Raises:
        Missing: 404, the club was deleted.
    """
    club = lock_club(club.pk)
    if club.hidden_at is None:
        return club
    before = {"visibility": club.visibility, "join_policy": club.join_policy}
    visibility, policy = club.shown_visibility, club.shown_join_policy
    club.hidden_at, club.shown_visibility, club.shown_join_policy = None, "", ""
    _become(club, visibility, policy, by=by)
    _record(club, Verb.SHOW_CLUB, "club_shown", by=by, reason=reason, before=before)
    return club


def owner_of(club: Club) -> User | None:
    """The present owner, or None for an archived club without."""
    found = Membership.objects.filter(club=club, state=State.ACTIVE, role=Role.OWNER)
    row = found.select_related("reader").first()
    return row.reader if row else None


def _become(club: Club, visibility: str, policy: str, *, by: User | None) -> None:
    if visibility != club.visibility:
        tell_lifecycle("visibility_changed", club=club, before=club.visibility, after=visibility)
    club.visibility, club.join_policy = visibility, policy
    Club.objects.filter(pk=club.pk).update(
        visibility=visibility,
        join_policy=policy,
        hidden_at=club.hidden_at,
        shown_visibility=club.shown_visibility,
        shown_join_policy=club.shown_join_policy,
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    by_id = by.pk if by else None
    announce("visibility", by_id=by_id, club_id=club.pk)
    announce("club", by_id=by_id, club_id=club.pk)


def _record(
    club: Club, verb: str, notice: str, *, by: User | None, reason: str, before: dict[str, str]
) -> None:
    owner = owner_of(club)
    owner_id = owner.pk if owner else None
    keep_record(
        by=by,
        verb=verb,
        target=(TargetKind.CLUB, club.pk),
        reader_id=owner_id,
        reason=reason,
        before=before,
        after={"visibility": club.visibility, "join_policy": club.join_policy},
    )
    notify([owner_id], notice, reason=reason, about=(TargetKind.CLUB, club.slug))
