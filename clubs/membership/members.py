"""What staff do with members: roles, removals and bans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from bookbridge.kernel.conditional import Versions, check_version, stale
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from bookbridge.kernel.transactions import transactional
from clubs.membership.joining import owner_must_stay
from clubs.membership.models import RANK, Club, Membership, Role, State
from clubs.membership.standing import (
    lock_club,
    lock_standing,
    move,
    put_out,
    require_member,
    require_not_archived,
    send_back,
    standing_or_new,
)

if TYPE_CHECKING:
    from accounts.models import User


@transactional
def change_role(
    *, club: Club, reader: User, role: str | None, by: User, expected: Versions = None
) -> Membership:
    """Make a member a moderator, or a moderator a member; None leaves the role as it is.

    The owner's own role is fixed.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (only the owner changes roles).
        Missing: 404, the reader is no member (any more).
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`, `owner_role_fixed`.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.OWNER)
    standing = _active(club, reader)
    check_version(standing, expected)
    require_not_archived(club)
    if role in (None, standing.role):
        return standing
    if standing.role == Role.OWNER:
        raise DomainError(
            _("The owner's role cannot be changed: a club has one owner."), "owner_role_fixed"
        )
    return move(standing, State.ACTIVE, by=by, role=str(role))


@transactional
def remove_member(*, club: Club, reader: User, by: User, expected: Versions = None) -> None:
    """Put a member out, who from then on may only ask to come back.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (moderators touch members alone).
        Missing: 404, the reader is no member (any more).
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`, `owner_must_stay`.
    """
    club = lock_club(club.pk)
    staff = require_member(club=club, reader=by, role=Role.MODERATOR)
    standing = _active(club, reader)
    _refuse_equals(staff, standing)
    check_version(standing, expected)
    require_not_archived(club)
    _refuse_owner(standing)
    put_out(club=club, standing=standing, state=State.REMOVED, by=by)


@transactional
def ban_reader(
    *, club: Club, reader: User, by: User, reason: str = "", expected: Versions = None
) -> Membership:
    """Shut a reader out, member or not: for them the club does not exist any more.

    A ban of somebody banned writes the new reason.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (moderators touch members alone).
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`, `owner_must_stay`.
    """
    club = lock_club(club.pk)
    staff = require_member(club=club, reader=by, role=Role.MODERATOR)
    standing = standing_or_new(club=club, reader=reader)
    if standing.state == State.ACTIVE:
        _refuse_equals(staff, standing)
    banned = standing.state == State.BANNED
    if expected is not None and not banned:
        raise stale()
    check_version(standing, expected)
    require_not_archived(club)
    _refuse_owner(standing)
    if banned and standing.reason == reason:
        return standing
    put_out(club=club, standing=standing, state=State.BANNED, by=by, reason=reason)
    return standing


@transactional
def lift_ban(*, club: Club, reader: User, by: User, expected: Versions = None) -> None:
    """Let a banned reader ask again: the state is `removed` afterwards.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        Missing: 404, the reader is not banned.
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.MODERATOR)
    standing = lock_standing(club=club, reader=reader)
    if standing is None or standing.state != State.BANNED:
        raise Missing()
    check_version(standing, expected)
    require_not_archived(club)
    send_back(standing, by=by)


def _active(club: Club, reader: User) -> Membership:
    standing = lock_standing(club=club, reader=reader)
    if standing is None or standing.state != State.ACTIVE:
        raise Missing()
    return standing


def _refuse_equals(staff: Membership, standing: Membership) -> None:
    """Moderators touch neither the owner nor moderators."""
    if staff.role != Role.OWNER and RANK[standing.role] >= RANK[staff.role]:
        raise NotAllowed(
            _("Moderators can act on members only, not on the owner or other moderators."),
            "role_too_low",
        )


def _refuse_owner(standing: Membership) -> None:
    """Owners cannot put themselves out."""
    if standing.role == Role.OWNER:
        raise owner_must_stay()
