"""Representations of sessions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from bookbridge.kernel.serializers import OutputSerializer
from bookbridge.kernel.shapes import Json, Row, Shape


class SessionSerializer(OutputSerializer):
    """One sign-in that still counts."""

    id = serializers.IntegerField()
    current = serializers.BooleanField(help_text="Whether this request belongs to it.")
    device = serializers.CharField(
        allow_blank=True, help_text="What the client called itself at sign-in (User-Agent)."
    )
    address = serializers.CharField(
        allow_blank=True, help_text="The network of the sign-in; the address itself is not kept."
    )
    created_at = serializers.DateTimeField(help_text="When somebody signed in.")
    last_used_at = serializers.DateTimeField(
        help_text="The last refresh; using an access token does not move it."
    )
    expires_at = serializers.DateTimeField(help_text="When it ends if nobody refreshes.")


class SessionShape(Shape):
    """A session as its reader sees it; `current` is an annotation of the queryset."""

    serializer = SessionSerializer
    columns = (
        "id",
        "current",
        "user_agent",
        "address_prefix",
        "created_at",
        "last_used_at",
        "expires_at",
    )
    version = None

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The session, without anything that opens something."""
        return {
            "id": row["id"],
            "current": bool(row["current"]),
            "device": row["user_agent"],
            "address": row["address_prefix"],
            "created_at": row["created_at"],
            "last_used_at": row["last_used_at"],
            "expires_at": row["expires_at"],
        }


session_shape = SessionShape()
