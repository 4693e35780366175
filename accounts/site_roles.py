"""Site roles: who ranks above whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import ADMIN, MODERATOR

if TYPE_CHECKING:
    from accounts.models import User

#: A role allows what a lower one allows; readers without role have rank 0.
RANK: dict[str, int] = {MODERATOR: 1, ADMIN: 2}


def rank_of(reader: User) -> int:
    """How high a reader stands on the site; a superuser stands as high as an admin."""
    if reader.is_superuser:
        return RANK[ADMIN]
    return max((RANK[name] for name in reader.site_roles()), default=0)
