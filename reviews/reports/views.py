"""Reports over HTTP: made by readers, decided by site moderators."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.models import MODERATOR
from accounts.moderation.records import kept_texts
from accounts.moderation.scoping import SiteRoleViewSet
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet
from reviews.reports import services
from reviews.reports.models import Report
from reviews.reports.serializers import DismissInput, ReportInput, ReportListQuery, UpholdInput
from reviews.reports.shapes import (
    ReportShape,
    own_report_shape,
    queued_report_shape,
    report_shape,
)
from reviews.reports.targets import named_target

ORDERINGS: Orderings = {
    "-created_at": ("-created_at", "-id"),
    "created_at": ("created_at", "id"),
}
DECISIONS = ("already_decided", "own_content")


class OwnReportViewSet(KernelViewSet):
    """Reporting, and what became of it."""

    viewer: Any
    operations = {
        "create": Operation(
            "Report a review, a club or a reader",
            verified=True,
            answer=own_report_shape,
            status=201,
            body=ReportInput,
            missing=True,
            conflicts=("already_reported", "own_content"),
            description=(
                "Once for each thing and reader. `target.id` is the id of a review, the slug of "
                "a club, the username of a reader. The words are kept as they are now."
            ),
            example={
                "target": {"kind": "review", "id": 9},
                "reason": "spam",
                "comment": "The same text stands below ten books.",
            },
        ),
        "list": Operation(
            "Your reports, and what became of them",
            answer=own_report_shape,
            paged=True,
            query=ReportListQuery,
        ),
    }
    tag = "reports"

    def create(self, request: Request) -> Answer:
        """Report."""
        target = named_target(request.data, self.viewer)
        data = self.body()
        report = services.file_report(**data | {"target": target}, by=self.viewer)
        return self.one(Report.objects.filter(pk=report.pk), own_report_shape)

    def list(self, request: Request) -> Answer:
        """What oneself reported."""
        own = Report.objects.filter(reporter=self.viewer).narrowed(**self.query())
        return self.page(own, own_report_shape, ORDERINGS)


class ReportQueueViewSet(SiteRoleViewSet):
    """The queue of site moderators."""

    operations = {
        "list": Operation(
            "Reports for site moderators",
            answer=queued_report_shape,
            paged=True,
            query=ReportListQuery,
            role=MODERATOR,
            forbidden=("moderators_only",),
            description="`?status=open&ordering=created_at` is the queue, oldest first.",
        ),
        "retrieve": Operation(
            "One report, with the words as they were",
            answer=report_shape,
            query=ItemQuery,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only",),
            description="Opening a report for the first time is on the moderation log.",
        ),
        "uphold": Operation(
            "Uphold a report",
            answer=report_shape,
            body=UpholdInput,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only", "role_too_low"),
            conflicts=(*DECISIONS, "action_not_possible", "own_account"),
            description=(
                "`hide` a review or a club; `warn` or `suspend` (until `until`, or for good) who "
                "answers for it. Both sides are told, in `notices` of `users/me/`."
            ),
            example={"action": "hide", "reason": "Advertising."},
        ),
        "dismiss": Operation(
            "Dismiss a report",
            answer=report_shape,
            body=DismissInput,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only",),
            conflicts=DECISIONS,
            example={"reason": "A harsh opinion is an opinion."},
        ),
    }
    tag = "moderation"

    def list(self, request: Request) -> Answer:
        """The queue."""
        found = Report.objects.narrowed(**self.query())
        return self.page(found.with_others(), queued_report_shape, ORDERINGS)

    def retrieve(self, request: Request, id: int) -> Answer:
        """One report."""
        report = self._report(id)
        services.open_report(report=report, by=self.viewer)
        return self._shown(report)

    def uphold(self, request: Request, id: int) -> Answer:
        """Uphold."""
        report = self._report(id)
        return self._shown(services.uphold_report(report=report, by=self.viewer, **self.body()))

    def dismiss(self, request: Request, id: int) -> Answer:
        """Dismiss."""
        report = self._report(id)
        return self._shown(services.dismiss_report(report=report, by=self.viewer, **self.body()))

    def _report(self, report_id: int) -> Report:
        report: Report | None = Report.objects.filter(pk=report_id).first()
        if report is None:
            raise Missing()
        return report

    def _shown(self, report: Report) -> Answer:
        kept = kept_texts().filter(pk=report.kept_id or 0).values_list("content", flat=True).first()
        shape = ReportShape(kept=kept, allowed=services.actions_for(report))
        return self.one(Report.objects.filter(pk=report.pk).with_others(), shape)
