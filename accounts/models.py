"""Readers, their sessions, and the names that may not come back."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.mailbox.models import SecretLink
from accounts.moderation.models import KeptText, ModerationRecord, Notice
from accounts.passwords import normalized
from accounts.personal_tokens.models import PersonalToken
from accounts.querysets import ReaderManager, SessionQuerySet
from accounts.rotation.models import SigningKey
from accounts.second_factor.models import RecoveryCode, SecondFactor, SignInChallenge
from accounts.security.models import SecurityEvent, SecurityTrace
from bookbridge.kernel.models import Timestamped

__all__ = [
    "ADMIN",
    "LANGUAGES",
    "MODERATOR",
    "SITE_ROLES",
    "KeptText",
    "ModerationRecord",
    "Notice",
    "PersonalToken",
    "RecoveryCode",
    "RetiredUsername",
    "SecondFactor",
    "SecretLink",
    "SecurityEvent",
    "SecurityTrace",
    "Session",
    "SigningKey",
    "SignInChallenge",
    "User",
]

MODERATOR = "moderator"
ADMIN = "admin"
SITE_ROLES = (MODERATOR, ADMIN)

LANGUAGES = (("en", "English"), ("pt-br", "Português do Brasil"))


class User(AbstractBaseUser, PermissionsMixin, Timestamped):
    """A reader: any person with an account.

    Life cycle: *active* from registration; *suspended* by a site moderator, with a reason and
    an optional end, and active again after it; *leaving* once they asked for it, until
    `leaves_at`, when others see no more of them than of a tombstone and they may do nothing
    but change their mind; *erased* then: the row stays as an anonymous tombstone, so that what
    others built on it keeps its shape, and nothing personal remains. `uid` is the subject of
    tokens and is never reused.

    An *imported* reader (`imported_at`) is whoever rated books in a data set: a name made from
    `import_source` and their number there, without password and address. Nobody signs in as one.

    `email` is an address that is known to be theirs (or counts as such, where verification is
    off): it is unique and signs in. `pending_email` is one that waits for its link: anybody may
    have typed it, so it is neither.

    Site roles are Django groups named `moderator` and `admin`; ordinary readers have none.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=48, unique=True)
    email = models.EmailField(max_length=254, null=True, blank=True)  # noqa: DJ001
    email_verified_at = models.DateTimeField(null=True, blank=True)
    pending_email = models.EmailField(max_length=254, null=True, blank=True)  # noqa: DJ001
    display_name = models.CharField(max_length=80, blank=True)
    bio = models.TextField(max_length=1000, blank=True)
    language = models.CharField(max_length=8, choices=LANGUAGES, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    search_text = models.CharField(max_length=160, blank=True, editable=False)
    is_staff = models.BooleanField(default=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_until = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.TextField(blank=True)
    leaves_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True, editable=False)
    import_source = models.CharField(
        max_length=20, blank=True, db_default="", default="", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    # Part of what sessions of the admin site are checked by: raising it ends them all.
    sessions_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = ReaderManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = "reader"
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=Q(email__isnull=False), name="reader_email_unique"
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(email__isnull=True),
                name="reader_erased_has_no_email",
            ),
            models.CheckConstraint(
                condition=Q(imported_at__isnull=True) | Q(email__isnull=True),
                name="reader_imported_has_no_email",
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=True) | Q(email_verified_at__isnull=False),
                name="reader_email_is_verified",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(pending_email__isnull=True),
                name="reader_erased_has_no_pending_email",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pending_email"],
                condition=Q(pending_email__isnull=False),
                name="reader_pending_email",
            ),
            # For the number of readers: small, as it holds one value, and read without the rows.
            models.Index(
                fields=["erased_at"],
                condition=Q(erased_at__isnull=True),
                name="reader_visible",
            ),
            models.Index(
                fields=["leaves_at"],
                condition=Q(leaves_at__isnull=False),
                name="reader_leaving",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        """The name shown to others."""
        return self.display_name or self.username

    get_full_name = get_short_name

    def is_suspended(self, now: datetime | None = None) -> bool:
        """Whether a suspension is in force at `now`."""
        if self.suspended_at is None:
            return False
        return self.suspended_until is None or self.suspended_until > (now or timezone.now())

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django asks before it lets somebody sign in."""
        here = self.erased_at is None and self.leaves_at is None and self.imported_at is None
        return here and not self.is_suspended()

    def set_password(self, raw_password: str | None) -> None:
        """Keep the hash of a password, in the one form in which it will be compared."""
        super().set_password(raw_password and normalized(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password; takes as long when there is none."""
        return super().check_password(raw_password and normalized(raw_password))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What sessions of the admin site carry: they end with the password and the epoch."""
        value = f"{self.password}:{self.sessions_epoch}"
        salt = "accounts.models.User.sessions"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def email_verified(self) -> bool:
        """Whether the address is known to be the reader's own."""
        return self.email_verified_at is not None

    def site_roles(self) -> list[str]:
        """Names of the site roles held now, read from the groups each time; none on leaving."""
        if self.leaves_at is not None:
            return []
        return sorted(self.groups.filter(name__in=SITE_ROLES).values_list("name", flat=True))


class Session(models.Model):
    """One sign-in and the family of refresh tokens that grew from it.

    Life cycle: opened by a sign-in; *rotated* by every refresh, which replaces `refresh_jti`
    in one statement; *revoked* by sign-out, by a replayed refresh token, by a change of
    password or by the end of the account; *expired* when nobody refreshes in time. Only the
    token whose `jti` stands here is good: any other of the family has been used before.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    address_prefix = models.CharField(max_length=50, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_used_at", "-id"]

    def __str__(self) -> str:
        return str(self.uid)


class ReaderCount(models.Model):
    """How many readers there are, in one of sixteen parts. Written by `population.py` alone."""

    part = models.PositiveSmallIntegerField(primary_key=True)
    number = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.number} in part {self.part}"


class RetiredUsername(models.Model):
    """The digest of a username whose holder left: it is never given out again."""

    digest = models.CharField(max_length=64, unique=True)
    retired_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]
