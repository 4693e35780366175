"""Invitations: addressed to a reader, or a link with a number of uses and an expiry."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.errors import DomainError, Missing
from bookbridge.kernel.transactions import transactional
from clubs.membership.joining import already_member, ask
from clubs.membership.models import Club, Invitation, Membership, Role, State
from clubs.membership.standing import (
    admit,
    lock_club,
    lock_reader,
    lock_standing,
    move,
    require_member,
    require_not_archived,
    send_back,
    standing_or_new,
)

if TYPE_CHECKING:
    from accounts.models import User

MAX_USES = 1000
MAX_DAYS = 90
DEFAULT_DAYS = 7


def digest_of(token: str) -> str:
    """What is kept of the token of a link, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()


@transactional
def create_link(
    *, club: Club, by: User, max_uses: int = 1, expires_in_days: int = DEFAULT_DAYS
) -> tuple[Invitation, str]:
    """An invitation for whoever has the link, and its token, which is kept nowhere.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        DomainError: 409 `club_archived`.
    """
    club = _locked_for_staff(club, by)
    require_not_archived(club)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        club=club,
        created_by=by,
        token_digest=digest_of(token),
        max_uses=max_uses,
        expires_at=timezone.now() + timedelta(days=expires_in_days),
    )
    return invitation, token


@transactional
def invite_reader(*, club: Club, reader: User, by: User) -> Invitation:
    """Invite one reader; an invitation to somebody who asked is an approval.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        DomainError: 409 `club_archived`, `already_member`, `already_invited`,
            `reader_banned`, and `club_full` for an approval.
        Missing: 404, the reader's account is gone.
    """
    club = _locked_for_staff(club, by)
    standing = standing_or_new(club=club, reader=reader)
    require_not_archived(club)
    if standing.state == State.ACTIVE:
        raise already_member()
    if standing.state == State.INVITED:
        raise DomainError(_("This reader is invited already."), "already_invited")
    if standing.state == State.BANNED:
        raise DomainError(_("This reader is banned from the club."), "reader_banned")
    asked = standing.state == State.REQUESTED
    invitation = Invitation.objects.create(club=club, created_by=by, reader=reader)
    if asked:
        admit(club=club, standing=standing, by=by)
        invitation.refresh_from_db()
    else:
        lock_reader(reader)
        move(standing, State.INVITED, by=by)
    return invitation


@transactional
def revoke_invitation(*, club: Club, invitation_id: int, by: User) -> None:
    """End an open invitation; one that was addressed takes the reader's state back with it.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low`.
        Missing: 404, there is no such open invitation of this club.
        DomainError: 409 `club_archived`.
    """
    club = _locked_for_staff(club, by)
    invitation = Invitation.objects.filter(club=club, pk=invitation_id).open().first()
    if invitation is None:
        raise Missing()
    require_not_archived(club)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    if invitation.reader is not None:
        standing = lock_standing(club=club, reader=invitation.reader)
        if standing is not None and standing.state == State.INVITED:
            send_back(standing, by=by)


def find_link(token: str, *, viewer: User | None) -> Invitation:
    """The open link with this token, its club along with it.

    Raises:
        Missing: 404, unknown, used up, expired or revoked, or the viewer is banned: all the
            same.
    """
    links = Invitation.objects.open().select_related("club")
    invitation = links.filter(token_digest=digest_of(token)).first()
    if invitation is None:
        raise Missing()
    if viewer is not None:
        standings = Membership.objects.filter(club_id=invitation.club_id, reader=viewer)
        if standings.filter(state=State.BANNED).exists():
            raise Missing()
    return invitation


@transactional
def accept_link(*, token: str, by: User) -> Membership:
    """Come into a club by its link. Uses are counted under the lock of the club.

    Who was removed from the club may only ask: their membership becomes `requested` where
    the policy has room for requests. Neither they nor who was invited by name use the link up.

    Raises:
        Missing: 404, as for `find_link`.
        DomainError: 409 `club_archived`, `already_member`, `club_full`, and for who was
            removed `already_requested`, `invitation_required`.
    """
    club = lock_club(find_link(token, viewer=by).club_id)
    invitation = find_link(token, viewer=by)
    standing = standing_or_new(club=club, reader=by)
    require_not_archived(club)
    if standing.state == State.ACTIVE:
        raise already_member()
    if standing.state == State.INVITED:
        return admit(club=club, standing=standing, by=by)
    if standing.removed_at is not None:
        return ask(club=club, standing=standing, by=by)
    admit(club=club, standing=standing, by=by)
    Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
    return standing


def _locked_for_staff(club: Club, by: User) -> Club:
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.MODERATOR)
    return club
