"""Site roles: who ranks above whom, and when a role is held but does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from accounts.models import ADMIN, MODERATOR, SecondFactor

if TYPE_CHECKING:
    from accounts.models import User

#: A role allows what a lower one allows; readers without role have rank 0.
RANK: dict[str, int] = {MODERATOR: 1, ADMIN: 2}


def rank_of(reader: User) -> int:
    """How high a reader stands on the site; a superuser stands as high as an admin.

    Who asked to leave stands nowhere, until they change their mind.
    """
    if reader.leaves_at is not None:
        return 0
    if reader.is_superuser:
        return RANK[ADMIN]
    return max((RANK[name] for name in reader.site_roles()), default=0)


def lacks_required_factor(reader: User) -> bool:
    """Whether the site asks its staff for a second factor and this reader has none."""
    if not settings.STAFF_SECOND_FACTOR_REQUIRED:
        return False
    return not SecondFactor.objects.in_force().filter(reader=reader.pk).exists()


def rank_in_force(reader: User) -> int:
    """How high a reader stands in what they do now.

    0 also for staff without the second factor that the site asks of them, and for a script whose
    token has not the scope `moderate`.
    """
    if getattr(reader, "site_roles_withheld", False):
        return 0
    rank = rank_of(reader)
    return 0 if rank and lacks_required_factor(reader) else rank


def roles_in_force(reader: User) -> list[str]:
    """The site roles that other services may rely on."""
    roles = reader.site_roles() if reader.leaves_at is None else []
    return [] if roles and lacks_required_factor(reader) else roles
