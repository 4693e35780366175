"""Adding a key, and ending the ones before it when their last token is over."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.keys import KEY_SET_MAX_AGE, SEED_BYTES, key_from, keyring, read_anew
from accounts.rotation.models import SigningKey
from accounts.security.records import record_event
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.sealing import seal
from bookbridge.kernel.transactions import transactional

#: How far the clocks of two servers may differ.
SKEW = timedelta(seconds=30)


def rotate(*, at_once: bool = False) -> SigningKey:
    """Add a key. It is published now and signs when everybody can know it.

    That is after one life of the key set in the caches of other services; with `at_once` as soon
    as all processes of BookBridge have read it. The keys before it are accepted until the last
    token that they can have signed is over.

    Raises:
        DomainError: `rotation_under_way`, a key waits already for its time to sign.
    """
    seconds = settings.JWT_KEYRING_SECONDS + (0 if at_once else KEY_SET_MAX_AGE)
    signs_from = timezone.now() + timedelta(seconds=seconds) + SKEW
    longest = timedelta(days=settings.REFRESH_TOKEN_DAYS, seconds=settings.ACCESS_TOKEN_SECONDS)
    return _begin(signs_from, others_end_at=signs_from + longest + SKEW)


def begin_anew() -> SigningKey:
    """Add a key that signs at once, and end all others at once: they are no longer safe.

    Every token there is is over; everybody signs in anew.
    """
    now = timezone.now()
    return _begin(now, others_end_at=now)


def ended_keys() -> list[SigningKey]:
    """Keys of JWT_SIGNING_KEYS and of the database whose time is over."""
    return list(SigningKey.objects.filter(ends_at__lte=timezone.now()))


def with_private_half_too_long() -> Q:
    """Keys that ended and whose private half is still there."""
    return Q(ends_at__lte=timezone.now()) & ~Q(sealed_seed="")


def forget_private_halves() -> int:
    """Remove the private halves of keys that ended; gives how many. Safe to repeat."""
    return SigningKey.objects.filter(with_private_half_too_long()).update(sealed_seed="")


@transactional
def _begin(signs_from: datetime, *, others_end_at: datetime) -> SigningKey:
    read_anew()
    for key in keyring().values():
        SigningKey.objects.get_or_create(kid=key.kid, defaults={"public": key.x})
    now = timezone.now()
    others = list(SigningKey.objects.select_for_update().order_by("pk"))
    if signs_from > now and any(row.signs_from and row.signs_from > now for row in others):
        raise DomainError(_("The last new key does not sign yet."), "rotation_under_way")
    for row in others:
        row.ends_at = min(row.ends_at or others_end_at, others_end_at)
        row.save(update_fields=["ends_at"])
    seed = urlsafe_b64encode(secrets.token_bytes(SEED_BYTES)).decode().rstrip("=")
    new = key_from(seed)
    made = SigningKey.objects.create(
        kid=new.kid, public=new.x, sealed_seed=seal(seed), signs_from=signs_from
    )
    record_event("signing_key_added", reader_id=None, kid=new.kid)
    transaction.on_commit(read_anew)
    return made
