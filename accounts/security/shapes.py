"""The representation of an event of the security record."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts.security.models import is_by_staff, label_of
from accounts.security.serializers import SecurityEventSerializer
from bookbridge.kernel.shapes import Json, Row, Shape

#: Keys of records that only staff may know of.
FOR_STAFF = frozenset({"moderation_record"})


class SecurityEventShape(Shape):
    """An event as the reader whose account it is about may see it."""

    serializer = SecurityEventSerializer
    version = None
    columns: ClassVar[tuple[str, ...]] = (
        "id",
        "kind",
        "reader_id",
        "by_id",
        "details",
        "created_at",
        "trace__address_prefix",
        "trace__user_agent",
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The event with its words."""
        told = self.told(row, viewer)
        return {"id": row["id"], "kind": told.pop("kind"), "message": label_of(row["kind"]), **told}

    def told(self, row: Row, viewer: Any) -> Json:
        """What happened; of staff not who it was, and not from where."""
        by_staff = is_by_staff(row)
        details = {name: said for name, said in row["details"].items() if name not in FOR_STAFF}
        return {
            "kind": row["kind"],
            "by": "staff" if by_staff else None,
            "details": details,
            "address_prefix": None if by_staff else row["trace__address_prefix"],
            "user_agent": None if by_staff else row["trace__user_agent"],
            "created_at": row["created_at"],
        }


event_shape = SecurityEventShape()
