"""Where a reader stands towards a club: locks, requirements, and the steps in and out.

Everything here runs in the transaction of a service, under the lock of the club's row: what
is counted there (members, seats, the one owner) cannot change in between. Locks are taken in
one order: club, membership, then the reader.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.compiled import Cut, Question
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from bookbridge.kernel.inserting import insert
from bookbridge.kernel.updating import step, write_fields
from clubs.membership.lifecycle import tell_lifecycle
from clubs.membership.models import RANK, Club, Invitation, Membership, Role, State, Visibility

if TYPE_CHECKING:
    from accounts.models import User

#: What a step may change of a membership.
WRITTEN = (
    "state",
    "role",
    "reason",
    "changed_by",
    "joined_at",
    "removed_at",
    "version",
    "updated_at",
)


# -- locks ------------------------------------------------------------------------------


def lock_club(club_id: int) -> Club:
    """The club, its row locked until the transaction ends.

    Raises:
        Missing: 404, the club was deleted.
    """
    club: Club | None = Question(club_to_lock, key=club_id).first()
    if club is None:
        raise Missing()
    return club


def lock_standing(*, club: Club, reader: User) -> Membership | None:
    """The membership row of `reader` in any state, locked; None when there is none."""
    found: Membership | None = Question(standing_to_lock, club=club.pk, reader=reader.pk).first()
    if found is not None:
        found.club, found.reader = club, reader
    return found


def lock_reader(reader: User) -> None:
    """Lock the row of a reader about to get a seat, so that leaving the platform waits.

    Raises:
        Missing: 404, the reader left meanwhile, or is about to.
    """
    if not Question(staying_reader_to_lock, key=reader.pk).rows(Cut(("pk",), stop=1)):
        raise Missing()


def club_to_lock(*, key: Any) -> QuerySet[Club]:
    """A club without the text that it is searched by, which only searches read."""
    return Club.objects.select_for_update(no_key=True).defer("search_text").filter(pk=key)


def standing_to_lock(*, club: Any, reader: Any) -> QuerySet[Membership]:
    """The membership row of a reader in a club."""
    rows = Membership.objects.select_for_update(no_key=True)
    return rows.filter(club_id=club, reader_id=reader)


def staying_reader_to_lock(*, key: Any) -> QuerySet[User]:
    """The row of a reader who has not left and is not about to."""
    readers = get_user_model()._default_manager.select_for_update(no_key=True)
    return readers.filter(pk=key, erased_at__isnull=True, leaves_at__isnull=True)


# -- requirements -----------------------------------------------------------------------


def require_member(*, club: Club, reader: User, role: str | None = None) -> Membership:
    """The active membership of `reader`, re-read and locked, with at least `role`.

    Raises:
        NotAllowed: 403 `not_a_member`, or `role_too_low`.
        Missing: 404, when the club is not for a stranger (any more) to know of.
    """
    standing = lock_standing(club=club, reader=reader)
    if standing is None or standing.state != State.ACTIVE:
        if standing is not None and standing.state == State.BANNED:
            raise Missing()
        invited = standing is not None and standing.state == State.INVITED
        if club.visibility == Visibility.HIDDEN and not invited:
            raise Missing()
        raise NotAllowed(_("Only members of this club may do this."), "not_a_member")
    if role is not None and RANK[standing.role] < RANK[role]:
        raise NotAllowed(_("Your role in this club does not allow this."), "role_too_low")
    return standing


def require_not_archived(club: Club) -> None:
    """Refuse what would change an archived club.

    Raises:
        DomainError: 409 `club_archived`.
    """
    if club.archived_at is not None:
        raise DomainError(
            _("This club is archived. Nothing in it changes until its owner restores it."),
            "club_archived",
        )


# -- steps ------------------------------------------------------------------------------


def standing_or_new(*, club: Club, reader: User) -> Membership:
    """The locked row of `reader`, or a new one that is not saved yet."""
    found = lock_standing(club=club, reader=reader)
    return found or Membership(club=club, reader=reader, state=State.LEFT, version=0)


def move(
    standing: Membership,
    state: str,
    *,
    by: User | None,
    role: str = Role.MEMBER,
    reason: str = "",
) -> Membership:
    """Write a state (and the role that goes with it); count the edit; tell statistics."""
    standing.state = state
    standing.role = role
    standing.reason = reason
    standing.changed_by = by
    standing.version += 1
    if standing.pk is None:
        insert(standing)
    else:
        write_fields(standing, *WRITTEN)
    announce(
        "membership",
        by_id=by.pk if by else None,
        club_id=standing.club_id,
        reader_id=standing.reader_id,
    )
    return standing


def admit(*, club: Club, standing: Membership, by: User) -> Membership:
    """Give the reader a seat; whatever invitation was addressed to them is used by it.

    Raises:
        DomainError: 409 `club_full`.
        Missing: 404, the reader's account is gone.
    """
    if club.max_members is not None and club.members_count >= club.max_members:
        raise DomainError(_("This club is full."), "club_full")
    lock_reader(standing.reader)
    known_before = standing.pk is not None
    standing.joined_at = timezone.now()
    standing.removed_at = None
    move(standing, State.ACTIVE, by=by)
    count_members(club, 1)
    if known_before:  # who is invited by name has a standing
        addressed = Invitation.objects.filter(club=club, reader=standing.reader).open()
        addressed.update(uses=F("max_uses"))
    return standing


def put_out(*, club: Club, standing: Membership, state: str, by: User, reason: str = "") -> None:
    """Take the seat, if there is one, every open invitation to the reader, and their links.

    Readers whom they invited by name stay invited: that is a standing in the club, not a key.
    """
    was_active = standing.state == State.ACTIVE
    standing.removed_at = standing.removed_at or timezone.now()
    move(standing, state, by=by, reason=reason)
    if was_active:
        count_members(club, -1)
    withdraw_invitations(club=club, reader=standing.reader)
    links = Invitation.objects.filter(club=club, created_by=standing.reader, reader=None)
    links.open().update(revoked_at=timezone.now())


def send_back(standing: Membership, *, by: User) -> Membership:
    """To where somebody without a seat stands: `removed` for who once was, else `left`."""
    return move(standing, State.REMOVED if standing.removed_at else State.LEFT, by=by)


def withdraw_invitations(*, club: Club, reader: User) -> None:
    """Revoke the open invitations addressed to `reader`."""
    Invitation.objects.filter(club=club, reader=reader).open().update(revoked_at=timezone.now())


def count_members(club: Club, change: int) -> None:
    """Count active members up or down, under the lock of the club's row."""
    step(Club, club.pk, members_count=change)
    club.members_count += change


def set_archived(club: Club, *, by: User | None, at: datetime | None) -> None:
    """Archive the club at that moment, or restore it with None; counts as an edit."""
    if (at is None) != (club.archived_at is None):
        tell_lifecycle("archival_changed", club=club, archived=at is not None)
    Club.objects.filter(pk=club.pk).update(
        archived_at=at, version=F("version") + 1, updated_at=timezone.now()
    )
    club.archived_at = at
    announce("club", by_id=by.pk if by else None, club_id=club.pk)
