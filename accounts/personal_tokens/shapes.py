"""Representation of personal tokens."""

from __future__ import annotations

from typing import Any

from accounts.personal_tokens.serializers import PersonalTokenSerializer
from bookbridge.kernel.shapes import Json, Row, Shape


class PersonalTokenShape(Shape):
    """A personal token, without the secret."""

    serializer = PersonalTokenSerializer
    columns = (
        "pk",
        "name",
        "beginning",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_address_prefix",
    )
    version = None

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """One token."""
        return {
            "id": row["pk"],
            "name": row["name"],
            "beginning": row["beginning"],
            "scopes": row["scopes"].split(),
            "created_at": row["created_at"],
            "expires_at": row["expires_at"],
            "last_used_at": row["last_used_at"],
            "last_used_address_prefix": row["last_used_address_prefix"],
        }


personal_token_shape = PersonalTokenShape()
