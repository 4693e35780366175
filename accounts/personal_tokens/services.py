"""Making and revoking personal tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail, sessions
from accounts.models import PersonalToken, Session, User
from accounts.moderation.services import lock_account
from accounts.personal_tokens import form
from accounts.security.records import record_event
from accounts.site_roles import rank_of
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, NotAllowed
from bookbridge.kernel.scopes import MODERATE, READ, SCOPES
from bookbridge.kernel.transactions import transactional

#: So long a token that ended is kept, to be looked at by operators.
ENDED_KEPT_FOR = timedelta(days=30)
#: Endings that leave tokens as they are: a suspended reader's are refused while it lasts, and
#: roles are asked for at each use.
LEAVES_TOKENS = frozenset({"signed_out", "suspended", "roles_changed", "role_withdrawn"})


@transactional
def create_token(
    *, reader: User, session: Session, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[PersonalToken, str]:
    """Make a token; gives its row, and the token itself this once.

    Every token may read: `write` and `moderate` include `read`.

    Raises:
        NotAllowed: 403 `reauthenticate`, the sign-in is older than five minutes;
            `moderators_only`, the scope `moderate` for somebody without a site role.
        InvalidInput: 400 `in_the_past` and `too_far` for `/expires_at`.
        DomainError: 409 `too_many_tokens`.
        Unauthenticated: `session_ended`, the session ended meanwhile.
        Missing: the reader has left.
    """
    sessions.require_recent(session=session)
    _require_good_end(expires_at)
    wanted = {READ, *scopes}
    row = lock_account(reader)
    if not Session.objects.live().filter(pk=session.pk).exists():
        raise sessions.session_ended()  # meanwhile, with everything else of the reader
    if MODERATE in wanted and not rank_of(row):
        raise NotAllowed(_("Only site moderators may give this scope."), "moderators_only")
    if PersonalToken.objects.live().filter(reader=row).count() >= settings.PERSONAL_TOKENS_AT_MOST:
        message = _("You have {number} tokens: revoke one before you make another.")
        raise DomainError(
            message.format(number=settings.PERSONAL_TOKENS_AT_MOST), "too_many_tokens"
        )
    secret = form.new_token()
    token = PersonalToken.objects.create(
        reader=row,
        name=name,
        digest=form.digest(secret),
        beginning=secret[: form.SHOWN_LENGTH],
        scopes=" ".join(scope for scope in SCOPES if scope in wanted),
        expires_at=expires_at,
    )
    record_event(
        "personal_token_created", reader_id=row.pk, token=token.pk, scopes=token.scopes.split()
    )
    told = {"name": name, "scopes": token.scopes.split()}
    mail.send("personal_token_created", reader=row, context=told)
    return token, secret


@transactional
def revoke_token(*, reader: User, token_id: int) -> None:
    """End one of one's own tokens at once.

    Raises:
        Missing: there is none of this id, or it was revoked before.
    """
    mine = PersonalToken.objects.kept().filter(reader=reader, pk=token_id)
    if not mine.update(revoked_at=timezone.now(), revoked_reason="revoked"):
        raise Missing()
    record_event("personal_token_revoked", reader_id=reader.pk, token=token_id)


def end_all(reader: User, reason: str) -> None:
    """End every token of a reader: everything of theirs ends now.

    Arguments:
        reason: why; some endings leave tokens as they are, see `LEAVES_TOKENS`.
    """
    if reason in LEAVES_TOKENS:
        return
    PersonalToken.objects.kept().filter(reader=reader).update(
        revoked_at=timezone.now(), revoked_reason=reason[:40]
    )


def tokens_to_forget(now: datetime | None = None) -> QuerySet[PersonalToken]:
    """Tokens that expired or were revoked 30 days ago."""
    return PersonalToken.objects.ended_by((now or timezone.now()) - ENDED_KEPT_FOR)


def _require_good_end(expires_at: datetime) -> None:
    now, most = timezone.now(), settings.PERSONAL_TOKEN_MAX_DAYS
    if expires_at <= now:
        message = _("This moment has passed.")
        raise InvalidInput([("/expires_at", "in_the_past", message)], message)
    if expires_at > now + timedelta(days=most):
        message = _("A token may live for {days} days at most.").format(days=most)
        raise InvalidInput([("/expires_at", "too_far", message)], message)
