"""One's own sessions: looking at them, ending one, ending everything."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts import services
from accounts.models import Session
from accounts.session_shapes import session_shape
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ListQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet

ORDERINGS: Orderings = {"-created_at": ("-id",)}


class SessionViewSet(KernelViewSet):
    """The sign-ins of a reader that still count."""

    viewer: Any
    operations = {
        "list": Operation(
            "Your sessions",
            answer=session_shape,
            paged=True,
            query=ListQuery,
            description="Every sign-in that still counts, the latest first.",
        ),
        "destroy": Operation(
            "End a session",
            missing=True,
            description=(
                "One of your own, this one too: its tokens are refused from the next request on."
            ),
        ),
        "end_all": Operation(
            "Sign out everywhere",
            description=(
                "Ends every session, this one too, every session of the admin site, every secret "
                "link that was mailed, and every personal token: all are refused from the next "
                "request on."
            ),
            while_leaving=True,
        ),
    }
    no_store, idempotent, conditional = True, False, False
    tag = "auth"

    def list(self, request: Request) -> Answer:
        """Show them."""
        here: Session = request.auth.session  # type: ignore[union-attr]
        mine = Session.objects.of(self.viewer).marked(here)
        return self.page(mine, session_shape, ORDERINGS)

    def destroy(self, request: Request, id: int) -> Answer:
        """End one."""
        services.end_session(by=self.viewer, session_id=id, **self._origin())
        return self.answer()

    def end_all(self, request: Request) -> Answer:
        """End everything."""
        services.sign_out_everywhere(by=self.viewer, **self._origin())
        return self.answer()

    def _origin(self) -> dict[str, str]:
        return {
            "address": client_address(self.request),
            "user_agent": self.request.headers.get("User-Agent", ""),
        }
