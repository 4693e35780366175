"""How readers come into a club and leave it: join, ask, approve, decline, leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from bookbridge.kernel.transactions import transactional, transactional_whole
from clubs.membership.models import Club, JoinPolicy, Membership, Role, State, Visibility
from clubs.membership.standing import (
    admit,
    count_members,
    lock_club,
    lock_standing,
    move,
    require_member,
    require_not_archived,
    send_back,
    set_archived,
    standing_or_new,
    withdraw_invitations,
)

if TYPE_CHECKING:
    from accounts.models import User


@transactional_whole
def join_club(*, club: Club, by: User) -> Membership:
    """Come into a club as its policy has it: `active` at once, or `requested`.

    Who was invited comes in whatever the policy; who was removed may only ask.

    Raises:
        DomainError: 409 `already_member`, `already_requested`, `invitation_required`,
            `club_full`, `club_archived`.
        Missing: 404 for the banned, and for strangers of a club hidden meanwhile.
    """
    club = lock_club(club.pk)
    standing = standing_or_new(club=club, reader=by)
    invited = standing.state == State.INVITED
    _refuse_unknown(club, standing)
    require_not_archived(club)
    if standing.state == State.ACTIVE:
        raise already_member()
    open_to_them = club.join_policy == JoinPolicy.OPEN and standing.removed_at is None
    if invited or open_to_them:
        return admit(club=club, standing=standing, by=by)
    return ask(club=club, standing=standing, by=by)


def ask(*, club: Club, standing: Membership, by: User) -> Membership:
    """Put a request before the staff, where the policy has room for one.

    Raises:
        DomainError: 409 `already_requested`, `invitation_required`.
    """
    if standing.state == State.REQUESTED:
        raise DomainError(_("You have asked to join this club already."), "already_requested")
    if club.join_policy == JoinPolicy.INVITE:
        raise DomainError(
            _("This club takes new members by invitation only."), "invitation_required"
        )
    return move(standing, State.REQUESTED, by=by)


@transactional
def leave_club(*, club: Club, by: User) -> None:
    """Give the seat back; who has only asked or been invited takes that back.

    An owner cannot leave others without one: they archive or delete the club first. The last
    member archives it by leaving. Archived clubs can be left by everybody.

    Raises:
        NotAllowed: 403 `not_a_member`.
        DomainError: 409 `owner_must_stay`, with the ways out in `allowed`.
        Missing: 404 for the banned.
    """
    club = lock_club(club.pk)
    standing = standing_or_new(club=club, reader=by)
    _refuse_unknown(club, standing)
    if standing.state in (State.INVITED, State.REQUESTED):
        withdraw_invitations(club=club, reader=by)
        send_back(standing, by=by)
        return
    if standing.state != State.ACTIVE:
        raise NotAllowed(_("You are not a member of this club."), "not_a_member")
    if club.archived_at is None:
        if club.members_count == 1:
            set_archived(club, by=by, at=timezone.now())
        elif standing.role == Role.OWNER:
            raise owner_must_stay()
    move(standing, State.LEFT, by=by)
    count_members(club, -1)


@transactional
def approve_request(*, club: Club, reader: User, by: User) -> Membership:
    """Give the reader who asked a seat.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        Missing: 404, the reader has not asked (or not any more).
        DomainError: 409 `club_archived`, `club_full`.
    """
    club, standing = _request_of(club, reader, by)
    return admit(club=club, standing=standing, by=by)


@transactional
def decline_request(*, club: Club, reader: User, by: User) -> Membership:
    """Turn the request down; the reader may ask again.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        Missing: 404, the reader has not asked (or not any more).
        DomainError: 409 `club_archived`.
    """
    club, standing = _request_of(club, reader, by)
    return send_back(standing, by=by)


def _request_of(club: Club, reader: User, by: User) -> tuple[Club, Membership]:
    """The locked club and the request of `reader`, for staff."""
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.MODERATOR)
    standing = lock_standing(club=club, reader=reader)
    if standing is None or standing.state != State.REQUESTED:
        raise Missing()
    require_not_archived(club)
    return club, standing


def _refuse_unknown(club: Club, standing: Membership) -> None:
    """Answer 404 where the club may not be known, decided again under the lock."""
    known = standing.state in (State.ACTIVE, State.INVITED)
    if standing.state == State.BANNED or (club.visibility == Visibility.HIDDEN and not known):
        raise Missing()


def already_member() -> DomainError:
    """The answer to who has a seat and asks for one."""
    return DomainError(_("This reader is a member already."), "already_member")


def owner_must_stay() -> DomainError:
    """The answer to an owner who would leave others without one."""
    return DomainError(
        _("The owner cannot leave while others remain. Archive or delete the club first."),
        "owner_must_stay",
        allowed=["archive", "delete"],
    )
