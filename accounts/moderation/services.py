"""Warning, suspending and reinstating readers: the same for the API, the admin and commands.

Each act is on the moderation record, and the reader is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail, sessions
from accounts.moderation.models import ModerationRecord, TargetKind, Verb
from accounts.moderation.notices import notify
from accounts.moderation.records import keep_record
from accounts.security.records import record_event
from accounts.site_roles import RANK, rank_of
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, NotAllowed
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional

if TYPE_CHECKING:
    from accounts.models import User

ADMIN_RANK = RANK["admin"]


@transactional
def suspend_reader(
    *, reader: User, by: User | None, reason: str, until: datetime | None = None
) -> None:
    """Shut a reader out, until a moment or for good. Their tokens stop working at once.

    Sessions and everything else that opens the account end for good; when the suspension is
    over the reader signs in again. A second suspension replaces the first.

    Arguments:
        by: None for a command of the operators.

    Raises:
        Missing: the reader has left.
        DomainError: 409 `own_account`.
        NotAllowed: 403 `role_too_low`, site staff is suspended by admins only.
        InvalidInput: 400 `in_the_past` for `/until`.
    """
    now = timezone.now()
    if until is not None and until <= now:
        message = _("This moment has passed.")
        raise InvalidInput([("/until", "in_the_past", message)], message)
    row = lock_account(reader)
    require_standing_above(reader=row, by=by)
    before = _suspension(row)
    changes = {"suspended_at": now, "suspended_until": until, "suspension_reason": reason}
    _write(row, reader, changes)
    sessions.end_everything(row, reason="suspended")
    record = keep_record(
        by=by,
        verb=Verb.SUSPEND_READER,
        target=(TargetKind.READER, row.pk),
        reader_id=row.pk,
        reason=reason,
        before=before,
        after=_suspension(row),
    )
    notify([row.pk], "suspended", reason=reason)
    mail.send("account_suspended", reader=row, context={"reason": reason, "until": moment(until)})
    _record_event("reader_suspended", row, by, record)


@transactional
def reinstate_reader(*, reader: User, by: User | None, reason: str = "") -> None:
    """End a suspension; without one nothing happens.

    Raises:
        Missing: the reader has left.
        DomainError: 409 `own_account`.
        NotAllowed: 403 `role_too_low`, site staff is reinstated by admins only.
    """
    row = lock_account(reader)
    require_standing_above(reader=row, by=by)
    if row.suspended_at is None:
        return
    before = _suspension(row)
    changes = {"suspended_at": None, "suspended_until": None, "suspension_reason": ""}
    _write(row, reader, changes)
    record = keep_record(
        by=by,
        verb=Verb.REINSTATE_READER,
        target=(TargetKind.READER, row.pk),
        reader_id=row.pk,
        reason=reason,
        before=before,
        after=_suspension(row),
    )
    notify([row.pk], "reinstated", reason=reason)
    mail.send("account_reinstated", reader=row)
    _record_event("reader_reinstated", row, by, record)


@transactional
def warn_reader(*, reader: User, by: User | None, reason: str) -> None:
    """Tell a reader that what they did will not do; nothing else changes.

    Raises:
        Missing: the reader has left.
        DomainError: 409 `own_account`.
        NotAllowed: 403 `role_too_low`, site staff is warned by admins only.
    """
    row = lock_account(reader)
    require_standing_above(reader=row, by=by)
    record = keep_record(
        by=by,
        verb=Verb.WARN_READER,
        target=(TargetKind.READER, row.pk),
        reader_id=row.pk,
        reason=reason,
    )
    notify([row.pk], "warned", reason=reason)
    _record_event("reader_warned", row, by, record)


def require_standing_above(*, reader: User, by: User | None) -> None:
    """Nobody judges themselves, and site staff is judged by admins.

    Raises:
        DomainError: 409 `own_account`.
        NotAllowed: 403 `role_too_low`.
    """
    if by is None:
        return
    if by.pk == reader.pk:
        raise DomainError(_("This is your own account."), "own_account")
    if rank_of(reader) and rank_of(by) < ADMIN_RANK:
        raise NotAllowed(_("Only admins decide about site staff."), "role_too_low")


def lock_account(reader: User) -> User:
    """The row of a reader who has not left, locked.

    Raises:
        Missing: the reader has left.
    """
    readers = get_user_model().objects.visible()
    row: User | None = readers.select_for_update(no_key=True).filter(pk=reader.pk).first()
    if row is None:
        raise Missing()
    return row


def _write(row: User, given: User, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
        setattr(given, name, value)
    row.save(update_fields=[*changes, "updated_at"])


def _suspension(row: User) -> dict[str, Any]:
    return {
        "suspended_at": moment(row.suspended_at),
        "suspended_until": moment(row.suspended_until),
    }


def _record_event(kind: str, row: User, by: User | None, record: ModerationRecord) -> None:
    by_id = by.pk if by else None
    record_event(kind, reader_id=row.pk, by_id=by_id, moderation_record=record.pk)
