"""Taking one's data out over HTTP."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from rest_framework.request import Request

from accounts.exporting.writing import export_serializer, make_export
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.viewsets import KernelViewSet


class ExportViewSet(KernelViewSet):
    """One's data."""

    viewer: Any
    operations = {
        "retrieve": Operation(
            "Take your data out",
            answer=export_serializer(),
            session=True,
            while_leaving=True,
            description=(
                "One JSON document with everything that is yours, sent as a file. Nothing of it "
                "is anybody else's: clubs that you may not know of (any more) are null. Five "
                "times an hour (a setting), then 429."
            ),
        ),
    }
    no_store, conditional = True, False
    tag = "users"

    def retrieve(self, request: Request) -> Any:
        """The file."""
        file = make_export(
            by=self.viewer,
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        name = f"bookbridge-{self.viewer.username}.json"
        return FileResponse(
            file, as_attachment=True, filename=name, content_type="application/json"
        )
