"""A reader's second factor, its recovery codes, and sign-ins that wait for a code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class SecondFactorQuerySet(models.QuerySet[Any]):
    """Second factors by what they count for."""

    def in_force(self) -> SecondFactorQuerySet:
        """Those that sign-in asks for: confirmed with a first code."""
        return self.filter(confirmed_at__isnull=False)


class SecondFactor(models.Model):
    """The secret that a reader's authenticator app holds too (RFC 6238).

    Life cycle: *begun* with a new secret, and replaced by beginning again; *confirmed* with a
    first code, from when on sign-in asks for one; deleted when it is switched off.

    `last_step` is the time step of the last code that was accepted: a code of this step or an
    earlier one has been used, or was overtaken.
    """

    reader = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    sealed_secret = models.TextField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)

    objects = SecondFactorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"second factor {self.pk}"


class RecoveryCode(models.Model):
    """One of the codes that stand in for the app, each good once.

    `digest` is keyed with the secret of the factor, so that a copy of the database alone says
    nothing of the codes, and a new sealing key leaves them good.
    """

    factor = models.ForeignKey(
        SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SignInChallenge(models.Model):
    """A sign-in with the right password that waits for the code.

    Life cycle: made by the right password; deleted by the right code, when everything of its
    reader ends, or when it has expired. `password_state` is a digest of the password's hash: a
    new password makes the challenge void.
    """

    digest = models.CharField(max_length=64, unique=True)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    password_state = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"challenge {self.pk}"
