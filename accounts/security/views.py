"""What happened to one's own account."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.models import SecurityEvent
from accounts.security.serializers import SecurityQuery
from accounts.security.shapes import event_shape
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet

ORDERINGS: Orderings = {"newest": ("-id",)}


class OwnSecurityViewSet(KernelViewSet):
    """The security record of oneself."""

    viewer: Any
    operations = {
        "list": Operation(
            "What happened to your account",
            answer=event_shape,
            paged=True,
            query=SecurityQuery,
            description=(
                "Sign-ins, failures, changes of password, address and roles, decisions of the "
                "moderators, newest first. Where it came from is forgotten after 90 days."
            ),
        ),
    }
    tag = "users"

    def list(self, request: Request) -> Answer:
        """Show the events."""
        events = SecurityEvent.objects.about(self.viewer, self.query().get("kind"))
        return self.page(events, event_shape, ORDERINGS)
