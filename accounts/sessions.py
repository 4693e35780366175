"""Sessions: opened by a sign-in, carried on by refresh tokens, ended by sign-out or by misuse.

The row decides, not the token: of all refresh tokens of a session only the one whose `jti`
stands in the row is good, and it is replaced in the very statement that accepts it. Using an
access token writes nothing: `last_used_at` is the moment of the last refresh.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import Session, User
from accounts.querysets import SessionQuerySet
from accounts.security.records import Where, record_event
from accounts.tokens import AccessToken, RefreshToken, invalid_token, refused
from bookbridge.kernel.addresses import address_prefix
from bookbridge.kernel.compiled import Question
from bookbridge.kernel.errors import NotAllowed, Unauthenticated
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.transactions import transactional

logger = logging.getLogger("bookbridge.security")

#: How young a sign-in must be for what cannot be undone.
RECENT = timedelta(minutes=5)
#: So long a session that ended can still be looked at.
ENDED_KEPT_FOR = timedelta(days=30)


def open_session(*, reader: User, user_agent: str = "", address: str = "") -> Session:
    """Open a session. Of the address only the network is kept, of the device what it says."""
    now = timezone.now()
    with transaction.atomic():
        session = Session.objects.create(
            reader=reader,
            refresh_jti=uuid.uuid4().hex,
            last_used_at=now,
            expires_at=now + _lifetime(),
            user_agent="".join(filter(str.isprintable, user_agent))[:200],
            address_prefix=address_prefix(address) if address else "",
        )
        where: Where = {"address": address, "user_agent": user_agent}
        record_event("signed_in", reader_id=reader.pk, session=session.pk, **where)
    return session


def session_behind(token: AccessToken | RefreshToken) -> Session:
    """The session of a genuine token, with its reader, in one small query; both must still count.

    Both are model instances with the columns that requests need; asking for another one of them
    costs a query of its own.

    Raises:
        Unauthenticated: `session_ended` when it was revoked, is over, or its reader left;
            `account_suspended` with `until`; `invalid_token` when reader and session differ.
    """
    return _standing(token, whole=False)


def session_of(*, uid: Any, whole: bool) -> SessionQuerySet:
    """The session of an id, with its reader: with all of both, or with what each request needs."""
    sessions = Session.objects.filter(uid=uid).order_by()
    return sessions.select_related("reader") if whole else sessions.with_state()


def _standing(token: AccessToken | RefreshToken, *, whole: bool) -> Session:
    """The session of a token, if it and its reader count: the one home of that question."""
    found: Session | None = Question(session_of, uid=token.session_uid, whole=whole).first()
    if found is None or found.reader.erased_at or found.reader.imported_at:
        raise session_ended()
    if found.reader.uid != token.reader_uid:
        raise invalid_token()
    if found.reader.is_suspended():  # before the rest: a suspension ends the sessions too
        raise account_suspended(found.reader)
    if found.revoked_at is not None or found.expires_at <= timezone.now():
        raise session_ended()
    return found


def rotate(*, token: RefreshToken) -> Session:
    """Accept a refresh token and replace it: one statement, so that only one use can succeed.

    A genuine token that is not the session's present one was used before, by its owner or by a
    thief. Nobody can tell which, so the whole session ends, the successor included; the reader
    is told by mail.

    Raises:
        Unauthenticated: what `session_behind` raises; `session_ended` also for a used token.
    """
    session = _standing(token, whole=True)
    now, jti = timezone.now(), uuid.uuid4().hex
    expires_at = now + _lifetime()
    replaced = (
        Session.objects.live()
        .filter(pk=session.pk, refresh_jti=token["jti"])
        .update(refresh_jti=jti, last_used_at=now, expires_at=expires_at)
    )
    if not replaced:
        _revoke_replayed(session)
        raise session_ended()
    session.refresh_jti, session.last_used_at, session.expires_at = jti, now, expires_at
    return session


def check_refresh(*, token: RefreshToken) -> None:
    """Refuse a refresh token that would not be accepted now; changes nothing.

    Raises:
        Unauthenticated: as `rotate` does.
    """
    if session_behind(token).refresh_jti != token["jti"]:
        raise session_ended()


def revoke(*, session: Session, reason: str) -> bool:
    """End a session at once; the first reason stays. Gives whether it had not ended before."""
    live = Session.objects.filter(pk=session.pk, revoked_at__isnull=True)
    return bool(live.update(revoked_at=timezone.now(), revoked_reason=reason))


@transactional
def end_everything(reader: User, *, reason: str, keep: Session | None = None) -> None:
    """End whatever opens something in the name of `reader`, with effect on the next request.

    All sessions and with them both kinds of token; sessions of the admin site; and what the
    modules of `settings.ACCOUNT_ENDINGS` know of: secret links, personal tokens.

    Arguments:
        reason: why, as a session keeps it (`"password_changed"`).
        keep: the one session that goes on.
    """
    # First of all, since it locks the reader: a sign-in under way is waited for, and ends too.
    end_admin_sessions(reader)
    ended = Session.objects.filter(reader=reader, revoked_at__isnull=True)
    if keep is not None:
        ended = ended.exclude(pk=keep.pk)
    ended.update(revoked_at=timezone.now(), revoked_reason=reason)
    for name in settings.ACCOUNT_ENDINGS:
        import_module(name).end_all(reader, reason)


def end_admin_sessions(reader: User) -> None:
    """End the sessions of the admin site alone."""
    User.objects.filter(pk=reader.pk).update(sessions_epoch=F("sessions_epoch") + 1)
    reader.refresh_from_db(fields=["sessions_epoch"])


def sessions_to_forget(now: datetime | None = None) -> SessionQuerySet:
    """Sessions that expired or were revoked 30 days ago: none of their tokens counts any more."""
    return Session.objects.ended_by((now or timezone.now()) - ENDED_KEPT_FOR)


def forget_ended_sessions(now: datetime | None = None, *, at_once: int = 1_000) -> int:
    """Delete sessions that ended 30 days ago; gives how many. Safe to repeat.

    Arguments:
        at_once: in one short transaction; the table is walked once, whatever the number.
    """
    old = sessions_to_forget(now).order_by("pk")
    forgotten, last = 0, 0
    while keys := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:at_once]):
        forgotten += old.filter(pk__in=keys).delete()[0]
        last = keys[-1]
    return forgotten


def require_recent(*, session: Session, now: datetime | None = None) -> None:
    """Refuse an act that needs a sign-in younger than five minutes; refreshing is none.

    Raises:
        NotAllowed: `reauthenticate`.
    """
    if session.created_at <= (now or timezone.now()) - RECENT:
        raise NotAllowed(_("Sign in again, then repeat this within 5 minutes."), "reauthenticate")


def session_ended() -> Unauthenticated:
    """The answer to a genuine token whose session is over."""
    return refused(_("This session has ended. Sign in again."), "session_ended")


def account_suspended(reader: User) -> Unauthenticated:
    """The answer to a suspended reader: why, and until when if the suspension has an end."""
    return refused(
        _("This account is suspended."),
        "account_suspended",
        until=moment(reader.suspended_until),
        reason=reader.suspension_reason,
    )


def _revoke_replayed(session: Session) -> None:
    # Durable: no transaction around it can take this back together with the 401.
    with transaction.atomic(durable=True):
        if not revoke(session=session, reason="refresh_token_replayed"):
            return  # of many replays at once the first one told everybody
        record_event(
            "refresh_token_replayed", reader_id=session.reader_id, session=str(session.uid)
        )
        try:
            with transaction.atomic():
                mail.send(
                    "refresh_token_replayed",
                    reader=session.reader,
                    context={
                        "session_created": moment(session.created_at),
                        "device": session.user_agent,
                    },
                )
        except Exception:  # whatever keeps the mail back, the session ends
            logger.exception("mail_not_put_into_the_outbox")


def _lifetime() -> timedelta:
    return timedelta(days=settings.REFRESH_TOKEN_DAYS)
