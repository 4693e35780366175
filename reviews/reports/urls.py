"""Addresses of reports, below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from reviews.reports.views import OwnReportViewSet, ReportQueueViewSet

urlpatterns = [
    # Everybody's own
    path("reports/", OwnReportViewSet.as_view({"post": "create"}), name="reports"),
    path("users/me/reports/", OwnReportViewSet.as_view({"get": "list"}), name="own-reports"),
    # Site moderators
    path("moderation/reports/", ReportQueueViewSet.as_view({"get": "list"}), name="report-queue"),
    path(
        "moderation/reports/<int:id>/",
        ReportQueueViewSet.as_view({"get": "retrieve"}),
        name="report",
    ),
    path(
        "moderation/reports/<int:id>/uphold/",
        ReportQueueViewSet.as_view({"post": "uphold"}),
        name="report-uphold",
    ),
    path(
        "moderation/reports/<int:id>/dismiss/",
        ReportQueueViewSet.as_view({"post": "dismiss"}),
        name="report-dismiss",
    ),
]
