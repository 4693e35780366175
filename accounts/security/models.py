"""One table of events, only ever added to, and the addresses and devices that it forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.final import FinalQuerySet, FinalRecord

if TYPE_CHECKING:
    from accounts.models import User

#: So long it is known where an event came from.
TRACED_FOR = timedelta(days=90)


class EventKind(models.TextChoices):
    """Everything that is written to the security record."""

    REGISTERED = "registered", _("Account made")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGN_IN_LOCKED = "sign_in_locked", _("Too many failed sign-ins")
    SIGNED_OUT = "signed_out", _("Signed out")
    SESSION_ENDED = "session_ended", _("A session was ended")
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere", _("All sessions were ended")
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed", _("A refresh token was used twice")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET = "password_reset", _("Password reset")
    EMAIL_VERIFIED = "email_verified", _("E-mail address confirmed")
    EMAIL_CHANGE_ASKED = "email_change_asked", _("Change of e-mail address asked for")
    EMAIL_CHANGED = "email_changed", _("E-mail address changed")
    SECOND_FACTOR_ON = "second_factor_on", _("Second factor turned on")
    SECOND_FACTOR_OFF = "second_factor_off", _("Second factor turned off")
    SECOND_FACTOR_RESET = "second_factor_reset", _("Second factor reset by the operators")
    SECOND_FACTOR_FAILED = "second_factor_failed", _("Wrong code of the second factor")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    PERSONAL_TOKEN_CREATED = "personal_token_created", _("Personal token made")
    PERSONAL_TOKEN_REVOKED = "personal_token_revoked", _("Personal token revoked")
    ROLES_CHANGED = "roles_changed", _("Roles changed")
    READER_WARNED = "reader_warned", _("Warned by the moderators")
    READER_SUSPENDED = "reader_suspended", _("Account suspended")
    READER_REINSTATED = "reader_reinstated", _("Suspension ended")
    DATA_EXPORTED = "data_exported", _("Personal data taken out")
    LEAVING = "leaving", _("Account to be erased")
    RESTORED = "restored", _("Account kept after all")
    SIGNING_KEY_ADDED = "signing_key_added", _("New signing key")
    READER_ERASED = "reader_erased", _("Account erased")


#: What only staff (or a command of the operators) does to an account.
BY_STAFF = frozenset(
    {
        EventKind.ROLES_CHANGED,
        EventKind.READER_WARNED,
        EventKind.READER_SUSPENDED,
        EventKind.READER_REINSTATED,
    }
)


class SecurityEventQuerySet(FinalQuerySet):
    """Events by whose they are."""

    def about(self, reader: User, kind: str | None = None) -> SecurityEventQuerySet:
        """What happened to the account of `reader`, of one kind or of all."""
        found = self.filter(reader=reader)
        return found if kind is None else found.filter(kind=kind)


class SecurityEvent(FinalRecord):
    """Something that happened to an account: a sign-in, a failure, a reset, a change of roles.

    Life cycle: written when it happens and final from then on; the model refuses changes, and
    on PostgreSQL the table does. Readers are named by key, so that nothing personal of somebody
    who left remains; where it came from is in `SecurityTrace`. Acts of staff that concern an
    account are here too, with the key of their `ModerationRecord`, which has the reason.
    """

    kind = models.CharField(max_length=40)  # of EventKind; a new one needs no migration
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SecurityEventQuerySet.as_manager()

    class Meta:
        verbose_name = "security record"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reader", "-id"], name="security_event_of_reader"),
            models.Index(fields=["kind", "-id"], name="security_event_of_kind"),
            models.Index(fields=["created_at"], name="security_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def label(self) -> str:
        """What happened, in words."""
        return label_of(self.kind)


class SecurityTrace(models.Model):
    """Where an event came from, kept for 90 days and gone when the reader leaves."""

    event = models.OneToOneField(SecurityEvent, on_delete=models.CASCADE, related_name="trace")
    address_prefix = models.CharField(max_length=50, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.address_prefix


def label_of(kind: str) -> str:
    """An event in words; its name where this version does not know it."""
    return str(EventKind(kind).label) if kind in EventKind.values else kind


def is_by_staff(row: Any) -> bool:
    """Whether staff did what a row (`kind`, `by_id`, `reader_id`) tells of."""
    return row["kind"] in BY_STAFF or row["by_id"] not in (None, row["reader_id"])
