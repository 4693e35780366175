"""Secret links: what a mail carries, so that whoever can read the mailbox may do one thing once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Purpose(models.TextChoices):
    """What a secret link is good for, and nothing else."""

    EMAIL = "email", "Confirm an address"
    PASSWORD = "password", "Set a new password"


class SecretLink(models.Model):
    """A secret that was mailed; kept as a digest alone.

    Life cycle: *open* from its issue until `expires_at`; *used* by one statement, once; deleted
    when a newer one of its purpose is issued, when the password changes, and when the account is
    suspended or ends. What is over is forgotten after a day.

    `about` is a digest of the address that it confirms, so that it cannot confirm another. A
    link without reader was never good: it is the work that an unknown address costs as well.
    """

    purpose = models.CharField(max_length=20)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="secret_links"
    )
    digest = models.CharField(max_length=64, unique=True)
    about = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reader__isnull=False) | Q(used_at__isnull=False),
                name="secret_link_of_nobody_is_used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.expires_at:%Y-%m-%d %H:%M}"
