"""Adding a key, and ending the ones before it when their last token is over."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.keys import (
    KEY_SET_MAX_AGE,
    SEED_BYTES,
    Key,
    key_from,
    keyring,
    keys_of_environment,
    read_anew,
    signing_key,
)
from accounts.rotation.models import SigningKey
from accounts.security.records import record_event
from bookbridge.kernel.errors import DomainError
from bookbridge.kernel.sealing import seal, unseal
from bookbridge.kernel.transactions import transactional

#: How far the clocks of two servers may differ.
SKEW = timedelta(seconds=30)


def rotate(*, at_once: bool = False) -> SigningKey:
    """Add a key. It is published now and signs when everybody can know it.

    That is after one life of the key set in the caches of other services; with `at_once` as soon
    as all processes of BookBridge have read it. The keys before it are accepted until the last
    token that they can have signed is over.

    Raises:
        DomainError: `rotation_under_way`, a key waits already for its time to sign;
            `keys_of_environment_only`, the settings leave keys of the database out.
    """
    seconds = settings.JWT_KEYRING_SECONDS + (0 if at_once else KEY_SET_MAX_AGE)
    signs_from = timezone.now() + timedelta(seconds=seconds) + SKEW
    longest = timedelta(days=settings.REFRESH_TOKEN_DAYS, seconds=settings.ACCESS_TOKEN_SECONDS)
    return _begin(signs_from, others_end_at=signs_from + longest + SKEW)


def begin_anew() -> SigningKey:
    """Add a key that signs at once, and end all others at once: they are no longer safe.

    Every token there is is over; everybody signs in anew.

    Raises:
        DomainError: `keys_of_environment_only`.
    """
    now = timezone.now()
    return _begin(now, others_end_at=now)


def ended_keys() -> QuerySet[SigningKey]:
    """Keys whose time is over."""
    return SigningKey.objects.filter(ends_at__lte=timezone.now())


def private_halves_to_forget() -> QuerySet[SigningKey]:
    """Keys that ended and whose private half is still kept."""
    return ended_keys().exclude(sealed_seed="")


def forget_private_halves() -> int:
    """Remove the private halves of keys that ended; gives how many. Safe to repeat."""
    return private_halves_to_forget().update(sealed_seed="")


def ended_in_environment() -> list[Key]:
    """Keys of JWT_SIGNING_KEYS whose time is over: they are accepted no more."""
    ended = set(ended_keys().values_list("kid", flat=True))
    return [key for key in keys_of_environment() if key.kid in ended]


def seeds_for_environment() -> list[str]:
    """What JWT_SIGNING_KEYS should hold: what it holds but for ended keys, else what signs now."""
    ended = {key.kid for key in ended_in_environment()}
    kept = [seed for seed in settings.JWT_SIGNING_KEYS if key_from(seed).kid not in ended]
    return kept or [unseal(SigningKey.objects.get(kid=signing_key().kid).sealed_seed)]


@transactional
def _begin(signs_from: datetime, *, others_end_at: datetime) -> SigningKey:
    if not settings.JWT_KEYRING_SECONDS:
        message = _("JWT_KEYRING_SECONDS is 0: keys of the database are not read.")
        raise DomainError(message, "keys_of_environment_only")
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
