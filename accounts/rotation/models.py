"""The keys that were added by `manage.py rotate_signing_key`, and the end of the others."""

from __future__ import annotations

from django.db import models


class SigningKey(models.Model):
    """When a key signs, and until when its tokens are believed.

    Life cycle: *published* when it is made; *signing* from `signs_from` on, until a later one
    does; *accepted* until `ends_at`, when its last token is over; then the private half goes and
    the row stays, so that a key that ended never comes back from an old file. Of a key of
    JWT_SIGNING_KEYS the row holds no private half and, without `signs_from`, no beginning.
    """

    kid = models.CharField(max_length=43, unique=True)
    public = models.CharField(max_length=43)
    sealed_seed = models.TextField(blank=True)
    signs_from = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.kid[:12]
