"""The keys that sign tokens: is there one, are all of them read, is one kept that is over?"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.keys import EVER, keyring, read_anew, signing_key
from accounts.rotation.models import SigningKey
from accounts.rotation.services import ended_in_environment
from bookbridge.doctor.findings import Finding, Question

AREA = "keys"


def keys() -> Iterator[Finding]:
    """The keys that sign tokens."""
    try:
        read_anew()
        ring, signing = keyring(), signing_key()
    except ImproperlyConfigured as error:
        yield Finding(AREA, str(error), "remove JWT_SIGNING_KEYS from .env and run `make setup`")
        return
    if len(set(settings.JWT_SIGNING_KEYS)) < len(settings.JWT_SIGNING_KEYS):
        yield Finding(AREA, "a key is listed twice", "list each key of JWT_SIGNING_KEYS once")
    signing.public.verify(signing.own_half().sign(b"doctor"), b"doctor")
    waiting = [key for key in ring.values() if (key.signs_from or EVER) > timezone.now()]
    soon = f"; {waiting[0].kid[:12]} from {waiting[0].signs_from:%H:%M:%S} UTC" if waiting else ""
    yield Finding(AREA, f"{len(ring)} keys; {signing.kid[:12]} signs{soon}")


def rotated_keys() -> Iterator[Finding]:
    """What `rotate_signing_key` left to do."""
    if not settings.JWT_KEYRING_SECONDS:
        if SigningKey.objects.filter(ends_at=None).exists():
            yield Finding(
                AREA,
                "keys of the database are not read (JWT_KEYRING_SECONDS is 0)",
                "remove JWT_KEYRING_SECONDS from .env",
            )
        return
    for key in keyring().values():
        row = SigningKey.objects.filter(kid=key.kid).exclude(sealed_seed="").first()
        if row is not None and key.private is None:
            yield Finding(
                AREA,
                f"the private half of {key.kid[:12]} cannot be opened with SEALING_KEYS",
                "put the lost sealing key back, or run `manage.py rotate_signing_key --now`",
            )
    for key in ended_in_environment():
        yield Finding(
            AREA,
            f"JWT_SIGNING_KEYS still holds {key.kid[:12]}, which is over",
            "run `manage.py rotate_signing_key --clean-env`",
        )


QUESTIONS: list[Question] = [keys, rotated_keys]
