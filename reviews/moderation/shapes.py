"""The representation of a moderation record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookbridge.kernel.shapes import Json, Row, Shape
from clubs.membership.shapes import person, person_columns
from reviews.moderation.serializers import RecordSerializer
from reviews.reports.targets import names_of


class RecordShape(Shape):
    """One act of site staff."""

    serializer = RecordSerializer
    version = None
    columns = (
        "id",
        "at",
        "verb",
        "target_kind",
        "target_id",
        *person_columns("actor"),
        *person_columns("reader"),
        "reason",
        "before",
        "after",
    )

    def related(self, rows: Sequence[Row], viewer: Any) -> Any:
        """The names of what something was done to."""
        return names_of(((row["target_kind"], row["target_id"]) for row in rows), viewer=viewer)

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The record."""
        name = related[row["target_kind"], row["target_id"]]
        return {
            "id": row["id"],
            "at": row["at"],
            "by": person(row, "actor"),
            "verb": row["verb"],
            "target": {"kind": row["target_kind"], "id": name},
            "reader": person(row, "reader"),
            "reason": row["reason"],
            "before": row["before"],
            "after": row["after"],
        }


record_shape = RecordShape()
