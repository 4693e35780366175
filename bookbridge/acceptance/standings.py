"""Bringing a reader to where they are to stand towards a club, from wherever they stand."""

from __future__ import annotations

from accounts.models import User
from clubs.membership.models import Role, State
from clubs.membership.services import (
    ban_reader,
    change_role,
    invite_reader,
    join_club,
    leave_club,
    lift_ban,
    remove_member,
)
from clubs.membership.standing import withdraw_invitations
from clubs.models import Club, Membership


def make_member(club: Club, reader: User, *, by: User, role: str = Role.MEMBER) -> None:
    """An active member with this role."""
    if _state(club, reader) == State.BANNED:
        lift_ban(club=club, reader=reader, by=by)
    if _state(club, reader) not in (State.ACTIVE, State.INVITED):
        invite_reader(club=club, reader=reader, by=by)  # who has asked is let in by that
    if _state(club, reader) == State.INVITED:
        join_club(club=club, by=reader)
    if Membership.objects.get(club=club, reader=reader).role != role:
        change_role(club=club, reader=reader, role=role, by=by)


def make_invited(club: Club, reader: User, *, by: User) -> None:
    """Invited, and not yet come."""
    if _state(club, reader) == State.INVITED:
        return
    if _state(club, reader) == State.BANNED:
        lift_ban(club=club, reader=reader, by=by)
    if _state(club, reader) == State.REQUESTED:
        leave_club(club=club, by=reader)
    if _state(club, reader) == State.ACTIVE:
        remove_member(club=club, reader=reader, by=by)
    invite_reader(club=club, reader=reader, by=by)


def make_former(club: Club, reader: User, *, by: User) -> None:
    """A member once, who left."""
    if _state(club, reader) != State.LEFT:
        make_member(club, reader, by=by)
        leave_club(club=club, by=reader)


def make_banned(club: Club, reader: User, *, by: User) -> None:
    """Shut out."""
    if _state(club, reader) != State.BANNED:
        ban_reader(club=club, reader=reader, by=by, reason="Acceptance.")


def make_stranger(club: Club, reader: User, *, by: User) -> None:
    """Somebody who never had to do with the club."""
    if _state(club, reader) == "":
        return
    if _state(club, reader) == State.ACTIVE:
        remove_member(club=club, reader=reader, by=by)
    withdraw_invitations(club=club, reader=reader)
    Membership.objects.filter(club=club, reader=reader).delete()


def _state(club: Club, reader: User) -> str:
    rows = Membership.objects.filter(club=club, reader=reader)
    return rows.values_list("state", flat=True).first() or ""
