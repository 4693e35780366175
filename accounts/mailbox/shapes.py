"""Representations of addresses."""

from __future__ import annotations

from typing import Any

from accounts.mailbox.serializers import AddressSerializer
from bookbridge.kernel.shapes import Json, Row, Shape


class AddressShape(Shape):
    """The addresses of an account."""

    serializer = AddressSerializer
    columns = ("email", "email_verified_at", "pending_email")
    version = None

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """What counts and what waits."""
        return {
            "email": row["email"],
            "email_verified": row["email_verified_at"] is not None,
            "pending_email": row["pending_email"],
        }


address_shape = AddressShape()
