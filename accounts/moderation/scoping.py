"""Views for site staff: whose site role allows the act."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import ADMIN
from accounts.site_roles import RANK, rank_of
from bookbridge.kernel.errors import NotAllowed
from bookbridge.kernel.viewsets import KernelViewSet


class SiteRoleViewSet(KernelViewSet):
    """Base of views for site staff: `operation.role` is the least site role for the act."""

    viewer: Any

    def admit(self) -> None:
        """Refuse who has not the role, before anything else is looked at."""
        role = self.operation.role
        if role is not None and rank_of(self.viewer) < RANK[role]:
            if role == ADMIN:
                raise NotAllowed(_("Only site admins may do this."), "admins_only")
            raise NotAllowed(_("Only site moderators may do this."), "moderators_only")
