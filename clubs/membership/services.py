"""The rules of clubs: founding, editing, archiving, deleting.

The other services of this feature live beside it, by the words of the domain (`joining`,
`members`, `invitations`), and so do the locks and requirements (`standing`); other features
import all of them from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version, compare_and_set, edited
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.markdown import render
from bookbridge.kernel.text import searchable
from bookbridge.kernel.transactions import transactional
from clubs.membership.invitations import (
    accept_link,
    create_link,
    find_link,
    invite_reader,
    revoke_invitation,
)
from clubs.membership.joining import approve_request, decline_request, join_club, leave_club
from clubs.membership.lifecycle import tell_lifecycle
from clubs.membership.members import ban_reader, change_role, lift_ban, remove_member
from clubs.membership.models import (
    OPENNESS,
    Club,
    JoinPolicy,
    Membership,
    RetiredSlug,
    Role,
    State,
    Visibility,
)
from clubs.membership.slugs import save_with_slug
from clubs.membership.standing import (
    lock_club,
    lock_reader,
    lock_standing,
    require_member,
    require_not_archived,
    set_archived,
)

if TYPE_CHECKING:
    from accounts.models import User

__all__ = [
    "accept_link",
    "approve_request",
    "archive_club",
    "ban_reader",
    "change_role",
    "create_link",
    "decline_request",
    "delete_club",
    "edit_club",
    "find_link",
    "found_club",
    "invite_reader",
    "join_club",
    "leave_club",
    "lift_ban",
    "lock_club",
    "lock_standing",
    "remove_member",
    "require_member",
    "require_not_archived",
    "restore_club",
    "revoke_invitation",
]

SEARCH_TEXT_LENGTH = 6000
#: How strangers come in where the founder does not say: as private as the club is.
DEFAULT_POLICY: dict[str, str] = {
    Visibility.PUBLIC: JoinPolicy.OPEN,
    Visibility.PRIVATE: JoinPolicy.REQUEST,
    Visibility.HIDDEN: JoinPolicy.INVITE,
}


@transactional
def found_club(
    *,
    by: User,
    name: str,
    description: str = "",
    visibility: str = Visibility.PUBLIC,
    join_policy: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    max_members: int | None = None,
) -> Club:
    """Found a club whose owner and first member is `by`.

    Language and time zone are the founder's where not given; the policy is `open` for a
    public club, `request` for a private one, `invite` for a hidden one, which knows no other.
    """
    lock_reader(by)
    club = save_with_slug(
        name=name,
        description=description,
        visibility=visibility,
        join_policy=join_policy or DEFAULT_POLICY[visibility],
        language=language or by.language,
        time_zone=time_zone or by.time_zone,
        max_members=max_members,
        members_count=1,
        **_derived(name, description),
    )
    Membership.objects.create(
        club=club,
        reader=by,
        state=State.ACTIVE,
        role=Role.OWNER,
        joined_at=timezone.now(),
        changed_by=by,
    )
    announce("club", by_id=by.pk, club_id=club.pk)
    return club


@transactional
def edit_club(
    *,
    club: Club,
    by: User,
    changes: dict[str, Any],
    confirm_visibility: bool = False,
    expected: Versions = None,
) -> Club:
    """Write `changes` (only what was sent). A lower `max_members` removes nobody.

    A club that becomes hidden is by invitation from then on. Becoming more visible shows to
    others what was written among members, and needs `confirm_visibility`.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (only the owner edits).
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`, `hidden_is_by_invitation`, `confirmation_required`,
            `hidden_by_moderators`.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.OWNER)
    check_version(club, expected)
    require_not_archived(club)
    if changes.get("visibility") == Visibility.HIDDEN:
        changes = {"join_policy": JoinPolicy.INVITE, **changes}
    changes = edited(club, changes)
    if not changes:
        return club
    before, after = club.visibility, changes.get("visibility", club.visibility)
    if club.hidden_at is not None and after != before:
        raise DomainError(
            _("The site's moderators have hidden this club: only they can show it again."),
            "hidden_by_moderators",
        )
    if after == Visibility.HIDDEN and changes.get("join_policy", "invite") != "invite":
        raise DomainError(
            _("A hidden club takes new members by invitation only."), "hidden_is_by_invitation"
        )
    if OPENNESS[after] > OPENNESS[before] and not confirm_visibility:
        raise DomainError(
            _("This shows to others what was for members. Confirm with confirm_visibility."),
            "confirmation_required",
        )
    if before != after:
        tell_lifecycle("visibility_changed", club=club, before=before, after=after)
        announce("visibility", by_id=by.pk, club_id=club.pk)
    for field, value in changes.items():
        setattr(club, field, value)
    derived = _derived(club.name, club.description)
    compare_and_set(
        Club.objects.filter(pk=club.pk), None, updated_at=timezone.now(), **changes, **derived
    )
    announce("club", by_id=by.pk, club_id=club.pk)
    return club


@transactional
def archive_club(*, club: Club, by: User) -> None:
    """Make the club readable and unchangeable until it is restored.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (only the owner archives).
        DomainError: 409 `club_archived` already.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.OWNER)
    require_not_archived(club)
    set_archived(club, by=by, at=timezone.now())


@transactional
def restore_club(*, club: Club, by: User) -> None:
    """Let an archived club live again.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (only the owner restores).
        DomainError: 409 `not_archived`.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.OWNER)
    if club.archived_at is None:
        raise DomainError(_("This club is not archived."), "not_archived")
    set_archived(club, by=by, at=None)


@transactional
def delete_club(*, club: Club, by: User, expected: Versions = None) -> None:
    """Delete the club with its list and members for good; its slug is never used again.

    What lies above (`settings.CLUB_LIFECYCLE`) settles its own things first.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (only the owner deletes).
        Stale: 412 `stale`.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.OWNER)
    check_version(club, expected)
    tell_lifecycle("club_deleted", club=club)
    RetiredSlug.objects.create(slug=club.slug)
    announce("visibility", by_id=by.pk, club_id=club.pk)
    club.delete()


def _derived(name: str, description: str) -> dict[str, str]:
    """The columns that follow from name and description."""
    return {
        "description_html": render(description) if description else "",
        "search_text": searchable(name, description)[:SEARCH_TEXT_LENGTH],
    }
