"""The representation of a list entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bookbridge.kernel.shapes import Json, Row, Shape, day
from clubs.books.shapes import book_cards
from clubs.membership.shapes import person, person_columns
from clubs.reading.serializers import EntrySerializer


class EntryShape(Shape):
    """An entry of a reading list, for querysets `with_support_of(viewer)`."""

    serializer = EntrySerializer
    columns = (
        "id",
        "book_id",
        "status",
        "position",
        "pitch",
        *person_columns("proposed_by"),
        "supporters_count",
        "supported_by_me",
        "started_on",
        "finished_on",
        "created_at",
    )

    def related(self, rows: Sequence[Row], viewer: Any) -> dict[int, Json]:
        """The cards of the books."""
        return book_cards([row["book_id"] for row in rows])

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The entry with the card of its book."""
        return {
            "id": row["id"],
            "book": related[row["book_id"]],
            "status": row["status"],
            "position": row["position"],
            "pitch": row["pitch"],
            "proposed_by": person(row, "proposed_by"),
            "supporters_count": row["supporters_count"],
            "supported_by_me": row["supported_by_me"],
            "started_on": day(row["started_on"]),
            "finished_on": day(row["finished_on"]),
            "created_at": row["created_at"],
        }


entry_shape = EntryShape()
