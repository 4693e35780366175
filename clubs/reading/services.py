"""What members and staff do with a club's reading list.

Every service takes the lock of the club's row first, so that positions, the version of the list
and the writer's membership cannot change in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbridge.kernel.announcements import announce
from bookbridge.kernel.compiled import Question
from bookbridge.kernel.conditional import Versions, check_version, edited
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed
from bookbridge.kernel.inserting import insert
from bookbridge.kernel.transactions import transactional, transactional_whole
from bookbridge.kernel.updating import step, write_fields
from clubs.books.models import Book
from clubs.books.services import mark_shared
from clubs.membership.models import RANK, Club, Membership, Role
from clubs.membership.services import lock_club, require_member, require_not_archived
from clubs.reading.counting import count_list_version, count_move, take_off
from clubs.reading.finished import count_finish
from clubs.reading.models import EntryMove, ListEntry, Status, Support
from clubs.reading.moves import FIRST, check_move

if TYPE_CHECKING:
    from accounts.models import User

# -- the entries --------------------------------------------------------------------------


@transactional_whole
def add_entry(
    *,
    club: Club,
    book: Book,
    by: User,
    pitch: str = "",
    status: str = Status.PROPOSED,
    now: datetime | None = None,
) -> ListEntry:
    """Put a book at the end of the club's list: members propose, staff may begin further on.

    Raises:
        NotAllowed: 403 `not_a_member`; `role_too_low`, a status other than `proposed`.
        Missing: 404, the club or the book is gone.
        DomainError: 409 `club_archived`; `already_listed`, with `existing`; `illegal_move`.
    """
    club = lock_club(club.pk)
    role = None if status == Status.PROPOSED else Role.MODERATOR
    require_member(club=club, reader=by, role=role)
    require_not_archived(club)
    if status not in FIRST:
        raise DomainError(
            _("A book does not start here."), "illegal_move", allowed=[str(each) for each in FIRST]
        )
    if not Book.objects.select_for_update(no_key=True).filter(pk=book.pk).exists():
        raise Missing()
    # Whoever writes this list holds the lock of the club, so that nobody can come in between.
    listed = ListEntry.objects.filter(club=club, book=book).values_list("pk", flat=True).first()
    if listed is not None:
        raise DomainError(
            _("This book is on the list already."),
            "already_listed",
            existing={"id": listed, "url": entry_address(club, listed)},
        )
    last = ListEntry.objects.filter(club=club).aggregate(last=Max("position"))["last"] or 0
    entry = ListEntry(
        club=club, book=book, proposed_by=by, pitch=pitch, status=status, position=last + 1
    )
    _set_days(entry, _day_in(club, now))
    insert(entry)
    count_finish(club, before=None, after=entry.finished_on)
    insert(EntryMove(entry=entry, from_status="", to_status=status, moved_by=by))
    count_list_version(club, moves=1)
    mark_shared(book_id=book.pk, by=by)
    announce("entry", by_id=by.pk, club_id=club.pk, book_id=book.pk)
    return entry


@transactional_whole
def edit_entry(
    *,
    entry: ListEntry,
    by: User,
    changes: Mapping[str, Any],
    expected: Versions = None,
    now: datetime | None = None,
) -> ListEntry:
    """Move an entry to another status (staff) or change its pitch (whose proposal it is).

    What stays the same is no move and no edit. The first day of reading stays when a book is
    read again, the day of finishing until it is finished again.

    Arguments:
        changes: `status`, `pitch`, or both.
        expected: the versions that If-Match accepts.

    Raises:
        NotAllowed: 403 `not_a_member`; `role_too_low` for the status; `not_your_pitch`.
        Missing: 404, the entry is gone.
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`; `illegal_move`, with `allowed`.
    """
    club, member = _enter(entry, by)
    entry = _locked(entry)
    if "status" in changes and not _is_staff(member):
        raise NotAllowed(_("Your role in this club does not allow this."), "role_too_low")
    if "pitch" in changes and entry.proposed_by_id != by.pk:
        raise NotAllowed(_("Only who proposed this book may change its pitch."), "not_your_pitch")
    check_version(entry, expected)
    require_not_archived(club)
    different = edited(entry, dict(changes))
    if not different:
        return entry
    before, finished_before = entry.status, entry.finished_on
    for name, value in different.items():
        setattr(entry, name, value)
    if "status" in different:
        check_move(before, entry.status)
        _set_days(entry, _day_in(club, now))
        insert(EntryMove(entry=entry, from_status=before, to_status=entry.status, moved_by=by))
        count_move(club)
        count_finish(club, before=finished_before, after=entry.finished_on)
    entry.version += 1
    write_fields(entry, *different, "started_on", "finished_on", "version", "updated_at")
    announce("entry", by_id=by.pk, club_id=club.pk, book_id=entry.book_id)
    return entry


@transactional
def remove_entry(*, entry: ListEntry, by: User, expected: Versions = None) -> None:
    """Take a book off the list: staff any, its proposer as long as it is a proposal.

    Raises:
        NotAllowed: 403 `not_a_member`; `role_too_low`, somebody else's proposal.
        Missing: 404, the entry is gone.
        Stale: 412 `stale`.
        DomainError: 409 `club_archived`; `not_a_proposal`, its proposer comes too late;
            `entry_was_finished`, it belongs to what the club has read.
    """
    club, member = _enter(entry, by)
    entry = _locked(entry)
    if not _is_staff(member) and entry.proposed_by_id != by.pk:
        raise NotAllowed(_("Your role in this club does not allow this."), "role_too_low")
    check_version(entry, expected)
    require_not_archived(club)
    if entry.finished_on is not None:
        raise DomainError(
            _("The club has finished this book, so it stays on the list."), "entry_was_finished"
        )
    if not _is_staff(member):
        _require_proposal(entry)
    take_off(entry, club)
    announce("entry", by_id=by.pk, club_id=club.pk, book_id=entry.book_id)


# -- the order ----------------------------------------------------------------------------


@transactional
def reorder_list(*, club: Club, order: Sequence[int], by: User, expected: Versions = None) -> Club:
    """Arrange the whole list; gives the club with the version that its list has now.

    Arguments:
        order: the ids of all entries, first to last.
        expected: the versions of the list that If-Match accepts.

    Raises:
        NotAllowed: 403 `not_a_member`, `role_too_low` (staff only).
        Stale: 412 `stale`, the list changed meanwhile.
        DomainError: 409 `club_archived`; `order_mismatch`, not exactly the list's ids.
    """
    club = lock_club(club.pk)
    require_member(club=club, reader=by, role=Role.MODERATOR)
    check_version(club, expected, column="list_version")
    require_not_archived(club)
    entries = {entry.pk: entry for entry in ListEntry.objects.filter(club=club)}
    if len(order) != len(entries) or set(order) != entries.keys():
        raise DomainError(
            _("The order must hold every entry of the list once, and nothing else."),
            "order_mismatch",
        )
    moved = []
    for position, key in enumerate(order, start=1):
        if entries[key].position != position:
            entries[key].position = position
            moved.append(entries[key])
    if moved:
        ListEntry.objects.bulk_update(moved, ["position"], batch_size=500)
        count_list_version(club)
        announce("entry", by_id=by.pk, club_id=club.pk)
    return club


# -- support ------------------------------------------------------------------------------


@transactional
def support_entry(*, entry: ListEntry, by: User) -> None:
    """Support a proposal; doing so twice is once.

    Raises:
        NotAllowed: 403 `not_a_member`.
        Missing: 404, the entry is gone.
        DomainError: 409 `club_archived`; `not_a_proposal`.
    """
    entry = _enter_proposal(entry, by)
    if not Support.objects.filter(entry=entry, reader=by).exists():
        Support.objects.create(entry=entry, reader=by)
        _count_supporters(entry, 1)


@transactional
def withdraw_support(*, entry: ListEntry, by: User) -> None:
    """Support a proposal no longer; doing so without having supported it changes nothing.

    Raises: as `support_entry`.
    """
    entry = _enter_proposal(entry, by)
    if Support.objects.filter(entry=entry, reader=by).delete()[0]:
        _count_supporters(entry, -1)


# -- what they share ----------------------------------------------------------------------


def entry_address(club: Club, entry_id: int) -> str:
    """The address of an entry in the API."""
    return reverse("club-book", kwargs={"slug": club.slug, "id": entry_id})


def _enter(entry: ListEntry, by: User) -> tuple[Club, Membership]:
    """The club of an entry and the membership of the writer, both locked."""
    club = lock_club(entry.club_id)
    return club, require_member(club=club, reader=by)


def _locked(entry: ListEntry) -> ListEntry:
    found: ListEntry | None = Question(entry_to_lock, key=entry.pk).first()
    if found is None:
        raise Missing()
    return found


def entry_to_lock(*, key: Any) -> QuerySet[ListEntry]:
    """An entry, to be locked."""
    return ListEntry.objects.select_for_update(no_key=True).filter(pk=key)


def _enter_proposal(entry: ListEntry, by: User) -> ListEntry:
    club, _member = _enter(entry, by)
    entry = _locked(entry)
    require_not_archived(club)
    _require_proposal(entry)
    return entry


def _require_proposal(entry: ListEntry) -> None:
    if entry.status != Status.PROPOSED:
        raise DomainError(_("This book is not a proposal any more."), "not_a_proposal")


def _is_staff(member: Membership) -> bool:
    return RANK[member.role] >= RANK[Role.MODERATOR]


def _day_in(club: Club, now: datetime | None) -> date:
    """The day it is where the club reads."""
    return (now or timezone.now()).astimezone(ZoneInfo(club.time_zone)).date()


def _set_days(entry: ListEntry, today: date) -> None:
    """Keep the first day of reading and the latest day of finishing."""
    if entry.status == Status.READING and entry.started_on is None:
        entry.started_on = today
    if entry.status == Status.FINISHED:
        entry.finished_on = today


def _count_supporters(entry: ListEntry, change: int) -> None:
    step(ListEntry, entry.pk, supporters_count=change)
