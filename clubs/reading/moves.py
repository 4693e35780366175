"""The status machine of a list entry: which moves there are, in one table."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bookbridge.kernel.errors import DomainError
from clubs.reading.models import Status

#: From each status, where an entry may go. `finished` to `reading` is a re-read.
MOVES: dict[str, tuple[str, ...]] = {
    Status.PROPOSED: (Status.PLANNED, Status.DROPPED),
    Status.PLANNED: (Status.READING, Status.DROPPED),
    Status.READING: (Status.FINISHED, Status.DROPPED),
    Status.FINISHED: (Status.READING,),
    Status.DROPPED: (Status.PROPOSED,),
}
#: Where an entry may start; anything but `proposed` is for staff.
FIRST = (Status.PROPOSED, Status.PLANNED, Status.READING, Status.FINISHED)
#: A review of the club may be about a book in one of these.
BEING_READ = (Status.READING, Status.FINISHED)


def check_move(before: str, after: str) -> None:
    """Refuse a move that the table does not have.

    Raises:
        DomainError: 409 `illegal_move`, with `allowed`.
    """
    allowed = [str(status) for status in MOVES[before]]
    if after not in allowed:
        raise DomainError(
            _("A book does not move from {before} to {after}.").format(before=before, after=after),
            "illegal_move",
            allowed=allowed,
        )
