"""Representations of reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bookbridge.kernel.shapes import Json, Row, Shape
from clubs.membership.shapes import person, person_columns
from reviews.reports.serializers import (
    OwnReportSerializer,
    QueuedReportSerializer,
    ReportSerializer,
)
from reviews.reports.targets import names_of


class OwnReportShape(Shape):
    """A report, as who made it sees it; it does not tell what was done to somebody else."""

    serializer = OwnReportSerializer
    version = None
    #: Whether clubs are named that the viewer could not know of otherwise.
    everything: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = (
        "id",
        "target_kind",
        "target_id",
        "reason",
        "comment",
        "status",
        "decision_reason",
        "created_at",
        "decided_at",
    )

    def related(self, rows: Sequence[Row], viewer: Any) -> Any:
        """The names of what was reported."""
        targets = ((row["target_kind"], row["target_id"]) for row in rows)
        return names_of(targets, viewer=viewer, everything=self.everything)

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The report."""
        name = related[row["target_kind"], row["target_id"]]
        return {
            "id": row["id"],
            "target": {"kind": row["target_kind"], "id": name},
            "reason": row["reason"],
            "comment": row["comment"],
            "status": row["status"],
            "decision_reason": row["decision_reason"],
            "created_at": row["created_at"],
            "decided_at": row["decided_at"],
        }


class QueuedReportShape(OwnReportShape):
    """A report in the queue of site moderators, for querysets `with_others()`."""

    serializer = QueuedReportSerializer
    columns = (
        *OwnReportShape.columns,
        *person_columns("reporter"),
        *person_columns("about"),
        *person_columns("decided_by"),
        "other_reports",
        "action",
        "until",
    )

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The report with who is concerned."""
        return super().build(row, related, viewer) | {
            "reporter": person(row, "reporter"),
            "about": person(row, "about"),
            "other_reports": row["other_reports"],
            "action": row["action"] or None,
            "until": row["until"],
            "decided_by": person(row, "decided_by"),
        }


class ReportShape(QueuedReportShape):
    """One report, opened by a site moderator: with the words that were reported."""

    serializer = ReportSerializer
    everything = True

    def __init__(self, *, kept: dict[str, Any] | None = None, allowed: Sequence[str] = ()) -> None:
        self.kept = kept
        self.allowed = allowed

    def build(self, row: Row, related: Any, viewer: Any) -> Json:
        """The whole report."""
        allowed = [str(action) for action in self.allowed] if row["status"] == "open" else []
        return super().build(row, related, viewer) | {"kept": self.kept, "allowed": allowed}


own_report_shape = OwnReportShape()
queued_report_shape = QueuedReportShape()
report_shape = ReportShape()
