"""Leaving, changing one's mind, and the erasure when the days of grace are over."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import erasures, mail, privacy, sessions
from accounts.models import Session, User
from accounts.moderation.services import lock_account
from accounts.security.records import Where, record_event
from bookbridge.kernel.announcements import announce
from bookbridge.kernel.conditional import Versions, check_version
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.outbox.services import enqueue
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional

logger = logging.getLogger("bookbridge.security")

#: The last mail goes to an address that the database no longer has: it waits so long at most.
FAREWELL = "left:"
FAREWELL_KEPT_FOR = timedelta(hours=24)


class NotAllErased(Exception):
    """Some readers whose grace is over could not be erased; the log says which and why."""


@transactional
def leave(
    *,
    by: User,
    session: Session,
    expected: Versions = None,
    address: str = "",
    user_agent: str = "",
) -> None:
    """Leave BookBridge: everything ends at once, the erasure follows after the days of grace.

    Clubs that the reader owns are handed on first, for good. Until `leaves_at` others see what
    they would see of somebody who left, and the reader may only change their mind, look at
    their account and take their data out. Without days of grace (`ERASURE_GRACE_DAYS` is 0)
    the erasure is now.

    Raises:
        NotAllowed: `reauthenticate`, when the sign-in is older than five minutes.
        Stale: `stale`.
    """
    sessions.require_recent(session=session)
    check_version(by, expected)
    privacy.hand_on(by)  # clubs are locked before readers
    reader = lock_account(by)
    check_version(reader, expected)
    where: Where = {"address": address, "user_agent": user_agent}
    if settings.ERASURE_GRACE_DAYS <= 0:
        record_event("leaving", reader_id=reader.pk, **where)
        _erase_with_farewell(reader)
        return
    reader.leaves_at = timezone.now() + timedelta(days=settings.ERASURE_GRACE_DAYS)
    reader.save(update_fields=["leaves_at", "updated_at"])
    until = moment(reader.leaves_at)
    sessions.end_everything(reader, reason="leaving")
    record_event("leaving", reader_id=reader.pk, until=until, **where)
    mail.send("leaving", reader=reader, context={"until": until})
    erasures.note_leaving_after_commit(reader.uid, reader.leaves_at)
    _others_see_a_change(reader)


@transactional
def restore(*, by: User, address: str = "", user_agent: str = "") -> None:
    """Stay after all. Clubs that were handed on stay with whom they went to.

    Raises:
        DomainError: 409 `not_leaving`.
        Missing: the account was erased meanwhile.
    """
    reader = lock_account(by)
    if reader.leaves_at is None:
        raise DomainError(_("You have not asked to leave."), "not_leaving")
    reader.leaves_at = None
    reader.save(update_fields=["leaves_at", "updated_at"])
    record_event("restored", reader_id=reader.pk, address=address, user_agent=user_agent)
    mail.send("restored", reader=reader)
    erasures.note_staying_after_commit(reader.uid)
    _others_see_a_change(reader)


@transactional
def erase_reader(*, reader: User) -> None:
    """Remove everything personal and leave an anonymous tombstone; again does no harm."""
    left_before = User.objects.filter(pk=reader.pk, erased_at__isnull=False).exists()
    privacy.erase(reader)
    if not left_before:
        record_event("reader_erased", reader_id=reader.pk)
    _others_see_a_change(reader)


def due(now: datetime | None = None) -> QuerySet[User]:
    """Readers whose days of grace are over."""
    return User.objects.visible().filter(leaves_at__lte=now or timezone.now())


def erase_due(now: datetime | None = None, *, tick: Callable[[], object] = lambda: None) -> int:
    """Erase everybody whose days of grace are over; gives how many. Safe to repeat.

    Each is a transaction of its own, and one that fails does not keep the others.

    Arguments:
        tick: called after each reader.

    Raises:
        NotAllErased: after all others were erased.
    """
    now = now or timezone.now()
    erased, failed = 0, 0
    for key in list(due(now).order_by("leaves_at", "pk").values_list("pk", flat=True)):
        try:
            erased += _erase_if_due(key, now)
        except DatabaseError:
            failed += 1
            line = {"logger": logger.name, "message": "erasure_failed", "reader_id": key}
            logger.exception("erasure_failed", extra={"fields": line})
        tick()
    if failed:
        raise NotAllErased(f"{failed} readers could not be erased")
    return erased


def farewells_to_forget(now: datetime | None = None) -> QuerySet[OutboxJob]:
    """Last mails that could not be sent for a day: the address goes, sent or not."""
    before = (now or timezone.now()) - FAREWELL_KEPT_FOR
    return OutboxJob.objects.filter(group__startswith=FAREWELL, created_at__lte=before)


def forget_farewells(now: datetime | None = None) -> int:
    """Delete last mails that could not be sent for a day; gives how many."""
    return farewells_to_forget(now).delete()[0]


@transactional
def _erase_if_due(key: int, now: datetime) -> bool:
    locked = due(now).select_for_update(no_key=True).filter(pk=key).first()
    if locked is None:  # they changed their mind, or somebody else was quicker
        return False
    _erase_with_farewell(locked)
    return True


def _erase_with_farewell(reader: User) -> None:
    """Say goodbye to the address before it is gone; the job belongs to nobody."""
    if reader.email and reader.email_verified_at:
        payload = {
            "text": "left",
            "to": reader.email,
            "language": reader.language,
            "context": {"username": reader.username},
            "reader": None,
        }
        enqueue(mail.MAIL, payload, group=f"{FAREWELL}{uuid.uuid4().hex}")
    erase_reader(reader=reader)


def _others_see_a_change(reader: User) -> None:
    announce("reader", by_id=reader.pk)
    announce("visibility", by_id=reader.pk)
