"""Views for site staff: whose site role allows the act."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import ADMIN
from accounts.site_roles import RANK, lacks_required_factor, rank_of
from bookbridge.kernel.errors import NotAllowed
from bookbridge.kernel.viewsets import KernelViewSet


class SiteRoleViewSet(KernelViewSet):
    """Base of views for site staff: `operation.role` is the least site role for the act."""

    viewer: Any
    site_staff = True

    def admit(self) -> None:
        """Refuse who has not the role, before anything else is looked at."""
        role = self.operation.role
        if role is None:
            return
        if rank_of(self.viewer) < RANK[role]:
            if role == ADMIN:
                raise NotAllowed(_("Only site admins may do this."), "admins_only")
            raise NotAllowed(_("Only site moderators may do this."), "moderators_only")
        if lacks_required_factor(self.viewer):
            message = _("Site staff needs a second factor here: set one up at auth/totp/.")
            raise NotAllowed(message, "staff_second_factor_required")
