"""What a restored database must not bring back to life.

Sessions and the tokens that hang on them, personal tokens, sign-ins that wait for a code, links in
mails, answers kept for idempotency keys, places taken of limits, jobs that waited,
invitations, and readers who left
after the backup was made. Again does no harm.
"""

from __future__ import annotations

from django.contrib.sessions.models import Session as AdminSession
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from accounts import erasures
from accounts.leaving.services import erase_due
from accounts.models import PersonalToken, SecretLink, Session, SignInChallenge
from accounts.services import erase_reader
from bookbridge.kernel.models import IdempotencyKey, LimitCounter
from bookbridge.kernel.outbox import services as outbox
from clubs.models import Invitation, Membership
from stats.counters import begin_epoch

#: Why sessions ended.
REASON = "restored_from_backup"


def settle() -> dict[str, int]:
    """End and withdraw what must not go on; gives how much it was."""
    settled = _settle_rows()
    settled["readers_erased_again"] = _erase_again()
    settled["readers_leaving_again"] = erasures.remind()
    settled["readers_whose_grace_is_over"] = erase_due()
    begin_epoch()  # no figure from before the restore is given to anybody
    return settled


@transaction.atomic
def _settle_rows() -> dict[str, int]:
    now = timezone.now()
    invited = Membership.objects.filter(state="invited")
    return {
        "sessions_ended": Session.objects.filter(revoked_at__isnull=True).update(
            revoked_at=now, revoked_reason=REASON
        ),
        # Which of them were revoked since the backup nobody knows, so all of them are.
        "personal_tokens_revoked": PersonalToken.objects.kept().update(
            revoked_at=now, revoked_reason=REASON
        ),
        "sign_ins_broken_off": SignInChallenge.objects.all().delete()[0],
        "admin_sessions_ended": AdminSession.objects.all().delete()[0],
        "secret_links_deleted": SecretLink.objects.all().delete()[0],
        "idempotency_keys_deleted": IdempotencyKey.objects.all().delete()[0],
        "limit_counters_deleted": LimitCounter.objects.all().delete()[0],
        # What waited at the moment of the backup was done since.
        "outbox_jobs_closed": outbox.close_all(),
        "invitations_revoked": Invitation.objects.open().update(revoked_at=now),
        "memberships_no_longer_invited": invited.update(
            state=Case(
                When(removed_at__isnull=False, then=Value("removed")), default=Value("left")
            ),
            version=F("version") + 1,
            updated_at=now,
        ),
    }


def _erase_again() -> int:
    """Erase everybody of whom the ledger says that they left."""
    returned = erasures.returned()
    for reader in returned:
        erase_reader(reader=reader)
    return len(returned)
