"""Changing one's mind over HTTP; leaving itself is `DELETE users/me/`."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.leaving import services
from accounts.models import User
from accounts.shapes import own_profile_shape
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet


class RestoreViewSet(KernelViewSet):
    """Staying after all."""

    viewer: Any
    operations = {
        "restore": Operation(
            "Stay after all",
            answer=own_profile_shape,
            session=True,
            conflicts=("not_leaving",),
            while_leaving=True,
            description=(
                "Within the days of grace after `DELETE users/me/`. Everything is as it was, but "
                "for sessions and other tokens, which ended, and clubs, which were handed on."
            ),
        ),
    }
    tag = "users"
    idempotent = False

    def restore(self, request: Request) -> Answer:
        """Restore."""
        services.restore(
            by=self.viewer,
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        return self.one(User.objects.visible().filter(pk=self.viewer.pk), own_profile_shape)
